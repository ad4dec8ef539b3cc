// SPDX-License-Identifier: Apache-2.0
// Hedged reads in virtual time, and against the test server.
#include "net/hedged_read.h"

#include <gtest/gtest.h>

#include "engine/reactor/reactor.h"
#include "engine/reactor/task_group.h"
#include "tests/net/store_steps.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

using std::chrono::milliseconds;

/// Answers after a time, in virtual time.
class TimedAttempt final : public ReadAttempt {
public:
    explicit TimedAttempt(Duration time, int status = 200) : time_(time), status_(status) {}
    bool available() override { return available_; }
    Task<Result<HttpReply>> run() override {
        started_ = Scheduler::current().now();
        bool cancelled = cancelled_;
        if (!cancelled) {
            cancelled = co_await end_.wait_until(*started_ + time_);
        }
        if (cancelled) co_return Error(Errc::Cancelled, "given up");
        if (status_ == 0) co_return Error(Errc::ServerError, "the connection broke");
        HttpReply reply;
        reply.status = status_;
        co_return reply;
    }
    void cancel() override {
        cancelled_ = true;
        end_.wake_all();
    }
    void won(const HttpReply&) override { won_ = true; }

    bool available_ = true;
    std::optional<Instant> started_;
    bool cancelled_ = false;
    bool won_ = false;

private:
    Duration time_;
    int status_;
    WaitQueue end_;
};

/// Virtual time, and hedging that knows reads of 10 ms.
class HedgedReadTest : public ::testing::Test {
protected:
    explicit HedgedReadTest(double percentile = 95) : hedging_(percentile, counters_) {}
    /// Runs one read to its end.
    Result<HttpReply> read(TimedAttempt& first, TimedAttempt& second) {
        static constexpr auto kRead = [](HedgedReads& hedging, TimedAttempt& a, TimedAttempt& b,
                                         Result<HttpReply>& into) -> Task<void> {
            into = co_await hedging.read(a, b);
        };
        Result<HttpReply> outcome = HttpReply();
        TaskGroup group;
        begin_ = clock_.now();
        group.spawn(kRead(hedging_, first, second, outcome));
        while (group.running() > 0) turn();
        return outcome;
    }
    void read_often(int times, Duration time) {
        for (int i = 0; i < times; ++i) {
            TimedAttempt first(time);
            TimedAttempt second(time);
            expect_ok(read(first, second));
        }
    }
    void warm_up() { read_often(400, milliseconds(10)); }
    void turn() {
        if (!scheduler_.has_ready()) clock_.advance_to(scheduler_.next_due());
        scheduler_.update_now();
        scheduler_.run_turn();
    }
    Duration taken() { return clock_.now() - begin_; }

    ManualClock clock_;
    Scheduler scheduler_{clock_};
    StoreCounters counters_;
    HedgedReads hedging_;
    Instant begin_{};
};

TEST_F(HedgedReadTest, AReadAsFastAsTheOthersIsSentOnce) {
    warm_up();
    EXPECT_EQ(counters_.hedged, 0U);
}

TEST_F(HedgedReadTest, ASlowReadIsSentAgainAndTheSecondAnswerWins) {
    warm_up();
    TimedAttempt first(std::chrono::seconds(5));
    TimedAttempt second(milliseconds(10), 206);
    const auto reply = read(first, second);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 206);
    EXPECT_TRUE(first.cancelled_);
    EXPECT_TRUE(second.won_);
    EXPECT_FALSE(second.cancelled_);
    EXPECT_LT(taken(), milliseconds(25));
    EXPECT_EQ(counters_.hedged, 1U);
    EXPECT_EQ(counters_.hedge_won, 1U);
}

TEST_F(HedgedReadTest, TheFirstAnswerMayStillWin) {
    warm_up();
    TimedAttempt first(milliseconds(15), 206);
    TimedAttempt second(milliseconds(10));
    EXPECT_EQ(read(first, second)->status, 206);
    EXPECT_TRUE(second.started_.has_value());
    EXPECT_TRUE(second.cancelled_);
    EXPECT_FALSE(second.won_);
    EXPECT_EQ(taken(), milliseconds(15));
    EXPECT_EQ(counters_.hedged, 1U);
    EXPECT_EQ(counters_.hedge_won, 0U);
}

TEST_F(HedgedReadTest, AnErrorOfOneWaitsForTheOther) {
    warm_up();
    for (const int bad : {0, 503, 429, 408}) {
        TimedAttempt broken(milliseconds(15), bad);
        TimedAttempt good(milliseconds(50));
        EXPECT_EQ(read(broken, good)->status, 200);
        TimedAttempt slow(milliseconds(50));
        TimedAttempt broken_second(milliseconds(1), bad);
        EXPECT_EQ(read(slow, broken_second)->status, 200);
        EXPECT_EQ(taken(), milliseconds(50));
        read_often(40, milliseconds(10));
    }
    EXPECT_EQ(counters_.hedge_won, 4U);
}

TEST_F(HedgedReadTest, IfBothFailTheErrorOfTheFirstCounts) {
    warm_up();
    TimedAttempt first(milliseconds(100), 0);
    TimedAttempt second(milliseconds(10), 503);
    expect_error(read(first, second), Errc::ServerError);
    EXPECT_EQ(counters_.hedge_won, 0U);
}

TEST_F(HedgedReadTest, AnErrorBeforeTheTimeIsUpIsTheOutcome) {
    warm_up();
    TimedAttempt first(milliseconds(1), 0);
    TimedAttempt second(milliseconds(1));
    expect_error(read(first, second), Errc::ServerError);
    EXPECT_FALSE(second.started_.has_value());
}

TEST_F(HedgedReadTest, AMissingObjectIsAnAnswer) {
    warm_up();
    TimedAttempt first(std::chrono::seconds(1));
    TimedAttempt second(milliseconds(1), 404);
    EXPECT_EQ(read(first, second)->status, 404);
}

class OftenHedgedReadTest : public HedgedReadTest {
protected:
    OftenHedgedReadTest() : HedgedReadTest(50) {}
};

TEST_F(OftenHedgedReadTest, AtMostFivePercentOfTheReadsAreSentTwice) {
    constexpr uint32_t kReads = 2000;
    for (uint32_t i = 0; i < kReads; ++i) {
        TimedAttempt first(i % 3 == 0 ? milliseconds(100) : milliseconds(10));
        TimedAttempt second(milliseconds(10));
        expect_ok(read(first, second));
    }
    const uint64_t most = kReads * HedgedReads::kIncome / HedgedReads::kCost;
    EXPECT_LE(counters_.hedged, most);
    EXPECT_GE(counters_.hedged, most * 9 / 10);  // the budget is used
}

TEST_F(HedgedReadTest, WithoutAPlaceThereIsNoSecondAttempt) {
    warm_up();
    TimedAttempt first(milliseconds(100));
    TimedAttempt second(milliseconds(1));
    second.available_ = false;
    expect_ok(read(first, second));
    EXPECT_EQ(taken(), milliseconds(100));
    EXPECT_EQ(counters_.hedged, 0U);
}

TEST_F(HedgedReadTest, NothingIsSentTwiceBeforeTheUsualTimeIsKnown) {
    TimedAttempt first(std::chrono::seconds(100));
    TimedAttempt second(milliseconds(1));
    read_often(50, milliseconds(10));
    expect_ok(read(first, second));
    EXPECT_FALSE(second.started_.has_value());
}

class UnhedgedReadTest : public HedgedReadTest {
protected:
    UnhedgedReadTest() : HedgedReadTest(0) {}
};

TEST_F(UnhedgedReadTest, IsSentOnceHoweverSlow) {
    warm_up();
    TimedAttempt first(std::chrono::seconds(100));
    TimedAttempt second(milliseconds(1));
    expect_ok(read(first, second));
    EXPECT_FALSE(second.started_.has_value());
}

/// The same with real exchanges.
class HedgedTransferTest : public ::testing::Test, public RepeatedAttempt::Source {
protected:
    static constexpr size_t kSize = 100000;

    HedgedTransferTest() : server_({"--no-auth", "--bucket=mybucket"}) {
        initialise_curl();
        body_.assign(kSize, 'q');
        server_.admin("PUT", "/_admin/object/mybucket/a", body_);
    }
    HttpRequest request(ReadTarget into) override {
        HttpRequest result;
        result.url = server_.base_url() + "mybucket/a";
        result.into = into.plain;
        result.encoded_into = into.encoded;
        return result;
    }
    Task<void> read_once(Result<HttpReply>& outcome) {
        const Transfer::Place place = co_await transfer_.place();
        const HttpRequest first = request(into_);
        RequestAttempt attempt(transfer_, place, first);
        RepeatedAttempt again(transfer_, *this, into_);
        outcome = co_await hedging_.read(attempt, again);
    }
    Result<HttpReply> read() {
        std::ranges::fill(into_, std::byte{});
        Result<HttpReply> outcome = HttpReply();
        reactor_.run(read_once(outcome));
        return outcome;
    }

    TestServer server_;
    Reactor reactor_;
    StoreCounters counters_;
    HedgedReads hedging_{99, counters_};
    std::string body_;
    std::vector<std::byte> into_ = std::vector<std::byte>(kSize + 10);
    Transfer transfer_{reactor_.ring(), settings_with_lanes(), TrustStore(), counters_};

private:
    static TransferSettings settings_with_lanes() {
        TransferSettings settings;
        settings.lanes = 4;
        return settings;
    }
};

TEST_F(HedgedTransferTest, AReadThatTheServerHoldsIsAnsweredByTheSecondRequest) {
    for (uint32_t i = 0; i < LatencyTracker::kLeastSamples; ++i) expect_ok(read());
    const uint64_t before = counters_.hedge_won;
    server_.fault("method=GET&hold");
    const auto reply = read();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->received.value, kSize);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(into_.data()), kSize), body_);
    EXPECT_EQ(counters_.hedge_won, before + 1);
    server_.admin("POST", "/_admin/release");
    expect_ok(read());
}

}  // namespace
}  // namespace s3b::net
