// SPDX-License-Identifier: Apache-2.0
// How one operation of the S3 store becomes attempts: send, judge, correct what can be corrected,
// pause, try again.
#include "codec/content_encoding.h"
#include "engine/base/log.h"
#include "net/retry.h"
#include "net/s3_reply.h"
#include "net/s3_store.h"

namespace s3b::net {

namespace {

/// An attempt that fails for something that we can put right (keys, clock) is repeated at once, so
/// often for one operation.
constexpr int kMaxCorrections = 3;

/// A missing object is zeros, a missing bucket is a mistake or a disaster.
bool says_no_bucket(const HttpReply& reply) {
    return reply.status == 404 && reply.error_body.find("NoSuchBucket") != std::string::npos;
}

}  // namespace

Task<Result<HttpReply>> S3Store::perform(const Operation& operation, Ticket* given) {
    if (given != nullptr) co_return co_await repeat(operation, *given);
    Ticket own(scheduler_, Urgency::Demand);
    co_return co_await repeat(operation, own);
}

Task<Result<HttpReply>> S3Store::repeat(const Operation& operation, Ticket& ticket) {
    RetrySchedule schedule(initial_pause_, max_pause_);
    bool may_take_effect_later = false;
    int corrections = 0;
    for (;;) {
        Attempt attempt = co_await try_once(operation, ticket);
        if (attempt.outcome.has_value()) {
            if (may_take_effect_later) {
                co_await pause(operation, settle_time_);
            }
            co_return std::move(attempt.outcome);
        }
        const Error error = attempt.outcome.error();
        if (error.code == Errc::OutcomeUnknown) may_take_effect_later = true;
        if (attempt.corrected && ++corrections <= kMaxCorrections) continue;
        const auto interval = worth_retrying(operation, error.code)
                                  ? schedule.next_pause(attempt.pause_wanted)
                                  : std::nullopt;
        if (!interval) {
            // A later attempt that was refused does not undo an earlier one that was sent.
            if (!may_take_effect_later || error.code == Errc::Cancelled) co_return error;
            co_return Error(Errc::OutcomeUnknown, "sent, but no answer came");
        }
        log::warn("request failed, will retry", log::kv("method", to_string(operation.method)),
                  log::kv("key", operation.key), log::kv("error", error), log::kv("in", *interval));
        ++counters_.retries;
        counters_.retry_delay += *interval;
        ticket.give_back();
        co_await pause(operation, *interval);
    }
}

bool S3Store::worth_retrying(const Operation& operation, Errc code) const {
    // A put for an object that must not exist yet has found one: that is the answer.
    const bool lost_race = code == Errc::Stale && operation.exclusive();
    return may_retry(code) && !lost_race;
}

bool S3Store::stopped(const Operation& operation) const {
    return cancelled_ || (lists_stopped_ && operation.list != nullptr);
}

Task<void> S3Store::pause(const Operation& operation, Duration duration) {
    WaitQueue& queue = operation.list != nullptr ? list_pauses_ : pauses_;
    if (stopped(operation)) co_return;
    co_await queue.wait_until(Scheduler::current().now() + duration);
}

Task<S3Store::Attempt> S3Store::try_once(const Operation& operation, Ticket& ticket) {
    Attempt attempt;
    const Result<void> keys = co_await get_keys();
    if (!keys.has_value()) {
        attempt.outcome = keys.error();
        co_return attempt;
    }
    const ByteCount sent(operation.put == nullptr ? 0 : operation.put->body.size());
    const ByteCount wanted = operation.into.longest();
    co_await ticket.take();
    co_await ticket.pay_upload(sent);
    co_await ticket.pay_download(wanted);
    const Instant begin = Scheduler::current().now();
    attempt.outcome = co_await exchange(operation, ticket, attempt.with);
    const bool answered = attempt.outcome.has_value();
    ticket.refund_download(answered ? wanted - attempt.outcome->received : wanted);
    if (!answered) co_return attempt;
    const HttpReply& reply = *attempt.outcome;
    Result<void> judged = judge(operation, reply);
    if (judged.has_value()) judged = co_await check(operation, reply, ticket);
    if (judged.has_value()) {
        if (operation.document == nullptr) {
            count_success(operation.method, Scheduler::current().now() - begin);
        }
        co_return attempt;
    }
    attempt.pause_wanted = reply.headers.retry_after.value_or(Duration::zero());
    attempt.corrected = clock_was_wrong(judged.error(), reply, attempt.with);
    if (!attempt.corrected) {
        attempt.corrected = co_await keys_were_old(judged.error(), reply, attempt.with);
    }
    attempt.outcome = judged.error();
    co_return attempt;
}

Task<Result<HttpReply>> S3Store::exchange(const Operation& operation, const Ticket& ticket,
                                          Signed& with) {
    if (stopped(operation)) co_return Error(Errc::Cancelled, "shutting down");
    const Transfer::Place place = co_await transfer_.place();
    // Signed only now: the waits may outlast the validity of a signature.
    with = {clock_.correction(), key_generation_};
    const HttpRequest request = build(operation);
    const bool changes = operation.method == Method::Put || operation.method == Method::Delete;
    if (changes) body_check_.forget(operation.key);
    if (operation.list != nullptr) co_return co_await read_list(place, request);
    const bool may_hedge = hedging_.enabled() && ticket.urgency() == Urgency::Demand;
    if (may_hedge && operation.into.longest() != ByteCount(0)) {
        co_return co_await read_hedged(operation, place, request);
    }
    co_return co_await transfer_.send(place, request);
}

Task<Result<HttpReply>> S3Store::read_list(const Transfer::Place& place,
                                           const HttpRequest& request) {
    Exchange exchange;
    list_exchanges_.push_back(&exchange);
    Result<HttpReply> reply = co_await transfer_.send(place, request, &exchange);
    std::erase(list_exchanges_, &exchange);
    co_return reply;
}

Task<Result<HttpReply>> S3Store::read_hedged(const Operation& operation,
                                             const Transfer::Place& place,
                                             const HttpRequest& request) {
    class Again final : public RepeatedAttempt::Source {
    public:
        Again(S3Store& store, const Operation& read) : store_(store), read_(read) {}
        HttpRequest request(ReadTarget into) override {
            Operation again = read_;
            again.into = into;
            return store_.build(again);
        }

    private:
        S3Store& store_;
        const Operation& read_;
    };
    Again source(*this, operation);
    RequestAttempt first(transfer_, place, request);
    RepeatedAttempt second(transfer_, source, operation.into);
    co_return co_await hedging_.read(first, second);
}

/// Sees to it that the next request is signed with keys that are valid.
Task<Result<void>> S3Store::get_keys() {
    if (credentials_ == nullptr) co_return ok();
    const Result<void> have = co_await credentials_->ensure();
    if (!have.has_value()) {
        log::warn("there are no access keys to sign with", log::kv("error", have.error()));
        co_return Error(Errc::Unauthorized, "no access keys to sign with");
    }
    if (key_generation_ != credentials_->generation()) {
        key_generation_ = credentials_->generation();
        builder_.set_keys(credentials_->keys());
    }
    co_return ok();
}

/// Whether the keys were refused and there are other ones now. The answer to a HEAD has no code.
Task<bool> S3Store::keys_were_old(const Error& error, const HttpReply& reply, const Signed& with) {
    if (credentials_ == nullptr) co_return false;
    const bool refused = error.code == Errc::Unauthorized ||
                         (error.code == Errc::Forbidden &&
                          (reply.error_body.empty() ||
                           says_expired_keys(parse_error_document(reply.error_body).code)));
    if (!refused) co_return false;
    co_return co_await credentials_->renew(with.key_generation);
}

HttpRequest S3Store::build(const Operation& operation) {
    const WallTime now = clock_.at(Scheduler::current().wall_now());
    if (operation.document != nullptr) return build_for_document(operation, now);
    if (operation.method == Method::Get) {
        HttpRequest request =
            builder_.get(operation.key, operation.into, operation.precondition, now);
        request.encoded_without_header = !default_encoding_.empty();
        return request;
    }
    switch (operation.method) {
        case Method::Head: return builder_.head(operation.key, now);
        case Method::Delete: return builder_.remove(operation.key, now);
        case Method::Get:
        case Method::Put:
        case Method::Post: break;
    }
    return builder_.put(*operation.put, now);
}

HttpRequest S3Store::build_for_document(const Operation& operation, WallTime now) {
    HttpRequest request = operation.list != nullptr
                              ? builder_.list(*operation.list, ListPrefix::Send, now)
                              : builder_.remove_many(*operation.bulk, now);
    operation.document->clear();  // of what an earlier attempt received
    request.document = operation.document;
    request.document_limit = kMaxDocument;
    return request;
}

Result<void> S3Store::judge(const Operation& operation, const HttpReply& reply) {
    const bool conditional = operation.precondition.kind == Precondition::Kind::NoneMatch;
    ErrorDocument document;
    if (says_no_bucket(reply)) {
        log::warn("there is no such bucket", log::kv("key", operation.key));
        if (operation.put == nullptr) return Error(Errc::Refused, "no such bucket");
    }
    // Reading zeros meets 404 all the time, whose document decides nothing but for a bulk delete.
    const bool decides = reply.status != 404 || operation.method == Method::Post;
    if (decides && !reply.error_body.empty()) {
        document = parse_error_document(reply.error_body);
    }
    std::optional<Error> error = classify(operation.method, reply.status, conditional, document);
    if (error && error->code == Errc::NotFound && operation.into.must_exist) {
        log::warn("an object that must exist is missing", log::kv("key", operation.key));
        return Error(Errc::Stale, "an object that must exist is missing");
    }
    if (!error && reply.status != 404) {
        // S3 may find out that it fails after it has said that it will not.
        const bool whole = operation.document != nullptr;
        if (const auto late = error_in_document(whole ? *operation.document : reply.error_body)) {
            document = *late;
            error = error_of(operation.method, document);
        }
    }
    if (!error) return ok();
    if (error->code == Errc::Unchanged) return *error;
    count_status(counters_, reply.status);
    if (error->code == Errc::Redirected) log_redirect(operation, reply);
    if (error->code == Errc::Unauthorized || error->code == Errc::Forbidden) {
        log::warn("the store refuses access", log::kv("method", to_string(operation.method)),
                  log::kv("key", operation.key), log::kv("status", reply.status),
                  log::kv("code", document.code));
    }
    const bool refused = error->code == Errc::Refused || error->code == Errc::Unsupported;
    // That it knows no conditions or no bulk delete is for the caller to say.
    if (refused && !operation.exclusive() && operation.bulk == nullptr) {
        log::warn("the store refuses the request", log::kv("method", to_string(operation.method)),
                  log::kv("key", operation.key), log::kv("status", reply.status),
                  log::kv("code", document.code), log::kv("message", document.message),
                  log::kv("hint", refusal_hint_));
    }
    return *error;
}

const std::string& S3Store::encoding_of(const HttpReply& reply) const {
    const std::string& sent = reply.headers.meta.content_encoding;
    return sent.empty() ? default_encoding_ : sent;
}

bool S3Store::needs_check(const Operation& operation, const HttpReply& reply) const {
    if (!check_bodies_ || !operation.reads_object()) return false;
    // An HMAC over the same bytes says more than a checksum, and the caller computes it anyway.
    if (!operation.into.hmac_is_checked || !reply.headers.meta.hmac) return true;
    const auto encoding = codec::parse_content_encoding(encoding_of(reply));
    return !encoding.has_value() || encoding->cipher.empty();
}

/// Whether an answer of success tells the truth.
Task<Result<void>> S3Store::check(const Operation& operation, const HttpReply& reply,
                                  const Ticket& ticket) {
    if (operation.put != nullptr) {
        co_return body_check_.stored(operation.key, operation.put->md5, reply.headers);
    }
    if (!needs_check(operation, reply)) co_return ok();
    const std::optional<Md5> expected = body_check_.expected(operation.key, reply.headers);
    if (!expected) co_return ok();
    const ReadTarget& into = operation.into;
    const auto body = (reply.encoded ? into.encoded : into.plain).first(reply.received.value);
    const Digester::Digests received = co_await digester_.of(body, priority_of(ticket.urgency()));
    if (received.md5 != *expected) {
        co_return body_check_.received_other(operation.key, received.md5, reply.headers);
    }
    body_check_.received_same(reply.headers);
    co_return ok();
}

/// S3 refuses dates that are minutes away from its own. The answer to a HEAD has no code that
/// would say so, but every answer has a date.
/// `with` may be out of date: the answer to another request has told.
bool S3Store::clock_was_wrong(const Error& error, const HttpReply& reply, const Signed& with) {
    if (error.code != Errc::Forbidden && error.code != Errc::Refused) return false;
    if (with.clock_correction != clock_.correction()) return true;
    if (!clock_.learn(reply.headers.date, Scheduler::current().wall_now())) return false;
    log::warn(
        "the clocks differ: requests are signed with the server's time from now on",
        log::kv("seconds", std::chrono::floor<std::chrono::seconds>(clock_.correction()).count()));
    return true;
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
            counters_.get_times.record(time);
            break;
        case Method::Put:
            ++counters_.puts;
            counters_.put_time += time;
            counters_.put_times.record(time);
            break;
        case Method::Delete:
            ++counters_.deletes;
            counters_.delete_time += time;
            counters_.delete_times.record(time);
            break;
        case Method::Head:
        case Method::Post: break;
    }
}

}  // namespace s3b::net
