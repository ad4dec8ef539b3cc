// SPDX-License-Identifier: Apache-2.0
#include "net/credentials.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/log.h"
#include "net/secret.h"

namespace s3b::net {

namespace {

constexpr int kLifeParts = 5;  // the last one is for refreshing
constexpr unsigned kMostDoublings = 16;

/// Enough to tell one key from another, too little to be of use.
std::string shown(const std::string& id) { return id.substr(0, 4) + "..."; }

}  // namespace

AccessKeys::~AccessKeys() {
    wipe(id);
    wipe(secret);
    wipe(session_token);
}

void AccessKeys::swap(AccessKeys& other) noexcept {
    id.swap(other.id);
    secret.swap(other.secret);
    session_token.swap(other.session_token);
    std::swap(expires, other.expires);
}

Credentials::Credentials(AccessKeys fixed) : keys_(std::move(fixed)), have_keys_(true) {}

Credentials::Credentials(std::unique_ptr<CredentialSource> source, Duration refresh_every,
                         Duration least_interval)
    : source_(std::move(source)), refresh_every_(refresh_every), least_interval_(least_interval) {
    CHECK(source_ != nullptr);
}

Credentials::~Credentials() { CHECK(!fetching_ && fetch_ended_.empty() && refresh_due_.empty()); }

bool Credentials::usable() const {
    return have_keys_ && (!keys_.expires || *keys_.expires > Scheduler::current().wall_now());
}

Task<Result<void>> Credentials::ensure() {
    if (usable() || !renewable()) co_return ok();
    CO_TRY_VOID(co_await refresh());
    if (!usable()) co_return Error(Errc::BadReply, "the access keys have expired");
    co_return ok();
}

Task<bool> Credentials::renew(uint64_t generation) {
    if (generation != generation_) co_return true;
    if (!renewable()) co_return false;
    // Its outcome is logged there; what counts is whether there are other keys now.
    (void)co_await refresh();
    co_return generation != generation_;
}

Task<Result<void>> Credentials::refresh() {
    if (fetching_) {
        while (fetching_) {
            co_await fetch_ended_.wait();
        }
        co_return outcome_;
    }
    if (stopped_) co_return Error(Errc::Cancelled, "shutting down");
    const bool too_soon = ever_asked_ && Scheduler::current().now() < asked_ + least_interval_;
    if (too_soon) co_return outcome_;
    fetching_ = true;
    Result<AccessKeys> fetched = co_await source_->fetch();
    outcome_ = take(std::move(fetched));
    fetching_ = false;
    fetch_ended_.wake_all();
    refresh_due_.wake_all();
    co_return outcome_;
}

Result<void> Credentials::take(Result<AccessKeys> fetched) {
    const WallTime now = Scheduler::current().wall_now();
    ever_asked_ = true;
    asked_ = Scheduler::current().now();
    if (fetched.has_value() && fetched->expires && *fetched->expires <= now) {
        fetched = Error(Errc::BadReply, "the access keys have already expired");
    }
    if (!fetched.has_value()) {
        if (fetched.error().code == Errc::Cancelled) return fetched.error();
        ++failures_;
        log::warn("cannot fetch access keys", log::kv("source", source_->name()),
                  log::kv("error", fetched.error()), log::kv("old_keys_valid", usable()));
        return fetched.error();
    }
    failures_ = 0;
    fetched_ = now;
    const bool changed = !have_keys_ || !keys_.same_keys(*fetched);
    keys_ = std::move(fetched).value();
    have_keys_ = true;
    if (changed) ++generation_;
    log::debug("access keys fetched", log::kv("source", source_->name()),
               log::kv("id", shown(keys_.id)), log::kv("changed", changed));
    return ok();
}

Task<void> Credentials::keep_fresh() {
    if (!renewable()) co_return;
    while (!stopped_) {
        const Instant due = next_refresh();
        if (fetching_) {
            co_await refresh_due_.wait();
        } else if (due > Scheduler::current().now()) {
            co_await refresh_due_.wait_until(due);
        } else {
            (void)co_await refresh();
        }
    }
}

void Credentials::stop() {
    stopped_ = true;
    if (source_ != nullptr) source_->stop();
    refresh_due_.wake_all();
}

Instant Credentials::next_refresh() const {
    if (!ever_asked_) return Scheduler::current().now();
    if (failures_ > 0) {
        const unsigned doublings = std::min(failures_ - 1, kMostDoublings);
        return asked_ + std::min(least_interval_ * (1 << doublings), kGreatestPause);
    }
    Instant due = kNever;
    if (refresh_every_ > Duration{}) due = asked_ + refresh_every_;
    if (keys_.expires) due = std::min(due, asked_ + until_expiry_nears());
    return std::max(due, asked_ + least_interval_);
}

Duration Credentials::until_expiry_nears() const {
    const Duration life = std::chrono::duration_cast<Duration>(*keys_.expires - fetched_);
    return life - std::min(kMargin, life / kLifeParts);
}

}  // namespace s3b::net
