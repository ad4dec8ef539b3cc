// SPDX-License-Identifier: Apache-2.0
#include "net/s3_store.h"

#include "engine/base/log.h"
#include "net/retry.h"
#include "net/s3_reply.h"

namespace s3b::net {

namespace {

RequestBuilder::Settings builder_settings(const S3Settings& settings, const Endpoint& endpoint) {
    return {endpoint,
            settings.region,
            settings.access_id,
            settings.access_key,
            settings.access_type,
            settings.timeout};
}

TransferSettings transfer_settings(const S3Settings& settings, const Endpoint& endpoint) {
    return {settings.lanes, endpoint.tls, settings.insecure, settings.user_agent};
}

}  // namespace

Result<std::unique_ptr<S3Store>> S3Store::create(Ring& ring, const S3Settings& settings) {
    initialise_curl();
    TRY(const Endpoint endpoint,
        parse_endpoint(settings.base_url, settings.bucket, settings.vhost));
    TrustStore trusted;
    if (endpoint.tls && !settings.insecure) {
        TRY(trusted, load_trust_store(settings.ca_file));
    }
    return std::make_unique<S3Store>(ring, settings, endpoint, std::move(trusted));
}

S3Store::S3Store(Ring& ring, const S3Settings& settings, const Endpoint& endpoint,
                 TrustStore trusted)
    : initial_pause_(settings.initial_retry_pause),
      max_pause_(settings.max_retry_pause),
      settle_time_(settings.settle_time),
      builder_(builder_settings(settings, endpoint)),
      transfer_(ring, transfer_settings(settings, endpoint), std::move(trusted), counters_) {}

Task<Result<GetReply>> S3Store::get(std::string_view key, std::span<std::byte> into,
                                    Precondition precondition) {
    Operation operation(Method::Get, key);
    operation.into = into;
    operation.precondition = precondition;
    CO_TRY(HttpReply reply, co_await perform(operation));
    GetReply result;
    result.length = reply.received;
    result.etag = reply.headers.etag;
    result.meta = std::move(reply.headers.meta);
    co_return result;
}

Task<Result<ETag>> S3Store::put(const PutRequest& request) {
    Operation operation(Method::Put, request.key);
    operation.put = &request;
    CO_TRY(const HttpReply reply, co_await perform(operation));
    co_return reply.headers.etag;
}

Task<Result<void>> S3Store::remove(std::string_view key) {
    const Operation operation(Method::Delete, key);
    CO_TRY_VOID(co_await perform(operation));
    co_return ok();
}

Task<Result<ObjectMeta>> S3Store::head(std::string_view key) {
    const Operation operation(Method::Head, key);
    CO_TRY(const HttpReply reply, co_await perform(operation));
    co_return reply.headers.meta;
}

Task<Result<void>> S3Store::flush() { co_return ok(); }

void S3Store::cancel_all() {
    cancelled_ = true;
    transfer_.cancel_all();
    pauses_.wake_all();
}

Task<Result<HttpReply>> S3Store::perform(const Operation& operation) {
    RetrySchedule schedule(initial_pause_, max_pause_);
    bool may_take_effect_later = false;
    for (;;) {
        Result<HttpReply> reply = co_await attempt(operation);
        if (reply.has_value()) {
            if (may_take_effect_later) {
                co_await pauses_.wait_until(Scheduler::current().now() + settle_time_);
            }
            co_return reply;
        }
        const Error error = reply.error();
        if (error.code == Errc::OutcomeUnknown) may_take_effect_later = true;
        const auto pause = may_retry(error.code) ? schedule.next_pause() : std::nullopt;
        if (!pause) {
            // A later attempt that was refused does not undo an earlier one that was sent.
            if (!may_take_effect_later || error.code == Errc::Cancelled) co_return error;
            co_return Error(Errc::OutcomeUnknown, "sent, but no answer came");
        }
        log::warn("request failed, will retry", log::kv("method", to_string(operation.method)),
                  log::kv("key", operation.key), log::kv("error", error), log::kv("in", *pause));
        ++counters_.retries;
        counters_.retry_delay += *pause;
        co_await pauses_.wait_until(Scheduler::current().now() + *pause);
        if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    }
}

Task<Result<HttpReply>> S3Store::attempt(const Operation& operation) {
    const Transfer::Place place = co_await transfer_.place();
    // Signed only now: the wait for a place may outlast the validity of a signature.
    const HttpRequest request = build(operation);
    const Instant begin = Scheduler::current().now();
    Result<HttpReply> reply = co_await transfer_.send(place, request);
    Result<HttpReply> judged = judge(operation, std::move(reply));
    if (judged.has_value()) {
        count_success(operation.method, Scheduler::current().now() - begin);
    }
    co_return judged;
}

HttpRequest S3Store::build(const Operation& operation) {
    const WallTime now = Scheduler::current().wall_now();
    switch (operation.method) {
        case Method::Get:
            return builder_.get(operation.key, operation.into, operation.precondition, now);
        case Method::Head: return builder_.head(operation.key, now);
        case Method::Delete: return builder_.remove(operation.key, now);
        case Method::Put:
        case Method::Post: break;
    }
    return builder_.put(*operation.put, now);
}

Result<HttpReply> S3Store::judge(const Operation& operation, Result<HttpReply> reply) {
    if (!reply.has_value()) return reply;
    const int status = reply->status;
    const bool conditional = operation.precondition.kind == Precondition::Kind::NoneMatch;
    const std::optional<Error> error = classify(operation.method, status, conditional);
    if (!error) return reply;
    if (error->code == Errc::Unchanged) return *error;
    count_status(counters_, status);
    if (error->code == Errc::Redirected) log_redirect(operation, *reply);
    if (error->code == Errc::Unauthorized || error->code == Errc::Forbidden) {
        log::warn("the store refuses access", log::kv("method", to_string(operation.method)),
                  log::kv("key", operation.key), log::kv("status", status),
                  log::kv("code", error_tag(reply->error_body, "Code")));
    }
    return *error;
}

void S3Store::log_redirect(const Operation& operation, const HttpReply& reply) {
    log::warn("the store redirects us, which is not followed", log::kv("status", reply.status),
              log::kv("key", operation.key), log::kv("hint", redirect_hint(reply)));
}

void S3Store::count_success(Method method, Duration time) {
    switch (method) {
        case Method::Get:
            ++counters_.gets;
            counters_.get_time += time;
            break;
        case Method::Put:
            ++counters_.puts;
            counters_.put_time += time;
            break;
        case Method::Delete:
            ++counters_.deletes;
            counters_.delete_time += time;
            break;
        case Method::Head:
        case Method::Post: break;
    }
}

}  // namespace s3b::net
