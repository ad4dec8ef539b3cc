// SPDX-License-Identifier: Apache-2.0
#include "net/hedged_read.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/reactor/task_group.h"

namespace s3b::net {

namespace {

/// An attempt under way.
struct Side {
    Side(ReadAttempt& a, WaitQueue& c) : attempt(a), changed(c) {}
    bool is_good() const { return outcome && HedgedReads::is_good(*outcome); }

    ReadAttempt& attempt;
    WaitQueue& changed;
    std::optional<Result<HttpReply>> outcome;
};

Task<void> run_side(Side& side) {
    Result<HttpReply> reply = co_await side.attempt.run();
    side.outcome.emplace(std::move(reply));
    side.changed.wake_all();
}

}  // namespace

HedgedReads::HedgedReads(double percentile, StoreCounters& counters)
    : percentile_(percentile), counters_(counters) {}

bool HedgedReads::is_good(const Result<HttpReply>& reply) {
    if (!reply.has_value()) return false;
    return reply->status < 500 && reply->status != 408 && reply->status != 429;
}

std::optional<Duration> HedgedReads::patience() const {
    if (!enabled() || saved_ < kCost) return std::nullopt;
    return latencies_.percentile(percentile_);
}

Task<Result<HttpReply>> HedgedReads::read(ReadAttempt& first, ReadAttempt& second) {
    if (!enabled()) co_return co_await first.run();
    const Instant begin = Scheduler::current().now();
    saved_ = std::min(saved_ + kIncome, kMostSaved);
    std::optional<Result<HttpReply>> reply;
    if (const std::optional<Duration> wait = patience()) {
        Result<HttpReply> answer = co_await read_within(*wait, first, second);
        reply.emplace(std::move(answer));
    } else {
        Result<HttpReply> answer = co_await first.run();
        reply.emplace(std::move(answer));
    }
    // Of a read that was sent twice, too: else nothing slow would ever be seen, and the percentile
    // would sink.
    if (reply->has_value() && (*reply)->status / 100 == 2) {
        latencies_.add(Scheduler::current().now() - begin);
    }
    co_return std::move(*reply);
}

Task<Result<HttpReply>> HedgedReads::read_within(Duration patience, ReadAttempt& first,
                                                 ReadAttempt& second) {
    WaitQueue changed;
    TaskGroup group;
    Side one(first, changed);
    Side two(second, changed);
    const Instant deadline = Scheduler::current().now() + patience;
    group.spawn(run_side(one));
    if (!one.outcome) {
        co_await changed.wait_until(deadline);
    }
    // Others may have spent the budget meanwhile.
    const bool twice = !one.outcome && saved_ >= kCost && second.available();
    if (twice) {
        saved_ -= kCost;
        ++counters_.hedged;
        group.spawn(run_side(two));
    }
    const auto settled = [&] {
        return one.is_good() || two.is_good() || (one.outcome && (two.outcome || !twice));
    };
    while (!settled()) {
        co_await changed.wait();
    }
    const bool second_won = !one.is_good() && two.is_good();
    if (twice) (second_won ? first : second).cancel();
    co_await group.join();
    if (!second_won) co_return std::move(*one.outcome);
    ++counters_.hedge_won;
    second.won(**two.outcome);
    co_return std::move(*two.outcome);
}

Task<Result<HttpReply>> RequestAttempt::run() {
    co_return co_await transfer_.send(place_, request_, &exchange_);
}

bool RepeatedAttempt::available() {
    std::optional<Transfer::Place> place = transfer_.try_place();
    if (place) place_.emplace(std::move(*place));
    return place_.has_value();
}

Task<Result<HttpReply>> RepeatedAttempt::run() {
    CHECK(place_.has_value());
    buffer_ = Buffer(into_.longest());
    ReadTarget again = into_;
    again.plain = buffer_.bytes().first(into_.plain.size());
    again.encoded = buffer_.bytes().first(into_.encoded.size());
    const HttpRequest request = source_.request(again);
    co_return co_await transfer_.send(*place_, request, &exchange_);
}

void RepeatedAttempt::won(const HttpReply& reply) {
    const std::span<std::byte> into = reply.encoded ? into_.encoded : into_.plain;
    std::ranges::copy(buffer_.bytes().first(reply.received.value), into.begin());
}

}  // namespace s3b::net
