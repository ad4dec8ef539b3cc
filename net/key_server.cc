// SPDX-License-Identifier: Apache-2.0
#include "net/key_server.h"

#include "engine/base/log.h"
#include "net/key_document.h"
#include "net/retry.h"
#include "net/s3_reply.h"
#include "net/secret.h"

namespace s3b::net {

namespace {

bool is_transient(Errc code) {
    return may_retry(code) && code != Errc::Refused && code != Errc::Redirected;
}

Error error_of(int status) {
    switch (status) {
        case 401: return {Errc::Unauthorized, "status 401, access refused"};
        case 403: return {Errc::Forbidden, "status 403, access refused"};
        case 404: return {Errc::NotFound, "status 404, no such role or address"};
        default: break;
    }
    return classify(Method::Get, status, false).value_or(Error(Errc::BadReply, "no success"));
}

}  // namespace

KeyServer::KeyServer(Ring& ring, const KeySourceSettings& settings, const char* name)
    : ring_(ring), settings_(settings), name_(name) {}

Result<void> KeyServer::connect(bool tls) {
    if (transfer_ != nullptr) return ok();
    initialise_curl();
    TrustStore trusted;
    if (tls) {
        TRY(trusted, load_trust_store(settings_.ca_file));
    }
    TransferSettings transfer;
    transfer.tls = tls;
    transfer.user_agent = settings_.user_agent;
    transfer_ = std::make_unique<Transfer>(ring_, transfer, std::move(trusted), counters_);
    return ok();
}

Task<Result<size_t>> KeyServer::ask(HttpRequest& request) {
    if (stopped_) co_return Error(Errc::Cancelled, "shutting down");
    CO_TRY_VOID(connect(request.url.starts_with("https://")));
    request.timeout = settings_.timeout;
    RetrySchedule schedule(settings_.initial_retry_pause, settings_.max_retry_pause);
    for (;;) {
        Result<size_t> length = co_await attempt(request);
        if (length.has_value() || stopped_) co_return length;
        const Error error = length.error();
        const auto pause = is_transient(error.code) ? schedule.next_pause() : std::nullopt;
        if (!pause) {
            log::warn("the service gives no access keys", log::kv("source", name_),
                      log::kv("status", status_), log::kv("error", error));
            co_return error;
        }
        log::warn("the service gives no access keys, will retry", log::kv("source", name_),
                  log::kv("status", status_), log::kv("error", error), log::kv("in", *pause));
        co_await pauses_.wait_until(Scheduler::current().now() + *pause);
        if (stopped_) co_return Error(Errc::Cancelled, "shutting down");
    }
}

Task<Result<size_t>> KeyServer::attempt(const HttpRequest& request) {
    const Transfer::Place place = co_await transfer_->place();
    status_ = 0;
    const Result<HttpReply> reply = co_await transfer_->send(place, request);
    if (!reply.has_value()) {
        // Nothing changes there, so it does not matter whether the request has arrived.
        const bool unknown = reply.error().code == Errc::OutcomeUnknown;
        co_return unknown ? Error(Errc::BadReply, "no proper answer came") : reply.error();
    }
    status_ = reply->status;
    if (reply->status >= 200 && reply->status < 300) {
        co_return static_cast<size_t>(reply->received.value);
    }
    co_return error_of(reply->status);
}

Task<Result<AccessKeys>> KeyServer::ask_for_keys(HttpRequest& request, size_t limit) {
    SecretBuffer document(limit);
    request.into = document.span();
    const Result<size_t> length = co_await ask(request);
    for (Header& header : request.headers) wipe(header.value);
    if (!length.has_value()) co_return length.error();
    co_return parse_key_document(document.text(*length), KeyDocumentForm());
}

void KeyServer::stop() {
    stopped_ = true;
    if (transfer_ != nullptr) transfer_->cancel_all();
    pauses_.wake_all();
}

}  // namespace s3b::net
