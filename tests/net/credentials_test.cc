// SPDX-License-Identifier: Apache-2.0
// When keys are fetched, kept and given up, in virtual time.
#include "net/credentials.h"

#include <deque>

#include "engine/base/log.h"
#include "engine/reactor/task_group.h"
#include "tests/net/store_steps.h"
#include "tests/reactor/virtual_time.h"

namespace s3b::net {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

AccessKeys keys_of(const std::string& id, std::optional<WallTime> expires = std::nullopt) {
    AccessKeys keys;
    keys.id = id;
    keys.secret = "CANARY-" + id;
    keys.session_token = "CANARY-token-" + id;
    keys.expires = expires;
    return keys;
}

/// Gives what the test has put there; waits while `held`.
struct FakeSource final : CredentialSource {
    std::deque<Result<AccessKeys>> answers;  // the last one stays
    bool held = false;
    WaitQueue released;
    int fetches = 0;
    bool stopped = false;

    const char* name() const override { return "fake"; }
    void stop() override {
        stopped = true;
        released.wake_all();
    }
    Task<Result<AccessKeys>> fetch() override {
        ++fetches;
        while (held && !stopped) {
            co_await released.wait();
        }
        if (stopped) co_return Error(Errc::Cancelled, "stopped");
        Result<AccessKeys> answer = answers.front();
        if (answers.size() > 1) answers.pop_front();
        co_return answer;
    }
    void release() {
        held = false;
        released.wake_all();
    }
};

class CredentialsTest : public VirtualTime {
protected:
    CredentialsTest() {
        log::set_debug(true);
        ::testing::internal::CaptureStderr();
        auto source = std::make_unique<FakeSource>();
        source_ = source.get();
        made_ = std::move(source);
    }
    ~CredentialsTest() override {
        if (credentials_) credentials_->stop();
        run_ready();
        log::set_debug(false);
        const std::string lines = ::testing::internal::GetCapturedStderr();
        EXPECT_EQ(lines.find("CANARY"), std::string::npos) << lines;
    }
    void start(Duration refresh_every = Duration{}) {
        credentials_.emplace(std::move(made_), refresh_every);
    }
    void start_keeping(Duration refresh_every = Duration{}) {
        start(refresh_every);
        group_.spawn(credentials_->keep_fresh());
        run_ready();
    }
    void answer(std::deque<Result<AccessKeys>> answers) { source_->answers = std::move(answers); }

    struct Outcome {
        bool over = false;
        Result<void> result;
        bool renewed = false;
    };
    Outcome& ensure() {
        static constexpr auto kEnsure = [](Credentials& credentials, Outcome& out) -> Task<void> {
            out.result = co_await credentials.ensure();
            out.over = true;
        };
        Outcome& outcome = outcomes_.emplace_back();
        group_.spawn(kEnsure(*credentials_, outcome));
        run_ready();
        return outcome;
    }
    Outcome& renew(uint64_t generation) {
        static constexpr auto kRenew = [](Credentials& credentials, uint64_t of,
                                          Outcome& out) -> Task<void> {
            out.renewed = co_await credentials.renew(of);
            out.over = true;
        };
        Outcome& outcome = outcomes_.emplace_back();
        group_.spawn(kRenew(*credentials_, generation, outcome));
        run_ready();
        return outcome;
    }
    std::string id() const { return credentials_->keys().id; }
    WallTime wall_in(Duration time) { return clock_.wall_now() + time; }
    static Error down() { return {Errc::Unreachable, "down"}; }

    std::unique_ptr<CredentialSource> made_;
    FakeSource* source_;
    std::optional<Credentials> credentials_;
    std::deque<Outcome> outcomes_;
    TaskGroup group_;
};

TEST_F(CredentialsTest, FixedKeysAreThereAndStay) {
    credentials_.emplace(keys_of("A"));
    EXPECT_FALSE(credentials_->renewable());
    expect_ok(ensure().result);
    EXPECT_FALSE(renew(credentials_->generation()).renewed);
    group_.spawn(credentials_->keep_fresh());
    EXPECT_EQ(group_.running(), 0U);
    EXPECT_EQ(id(), "A");
}

TEST_F(CredentialsTest, KeysAreFetchedOnceForAllWhoNeedThem) {
    start();
    answer({keys_of("A")});
    source_->held = true;
    const Outcome& first = ensure();
    const Outcome& second = ensure();
    EXPECT_FALSE(first.over || second.over);
    source_->release();
    run_ready();
    EXPECT_TRUE(first.over && second.over);
    expect_ok(second.result);
    ensure();
    EXPECT_EQ(source_->fetches, 1);
    EXPECT_EQ(id(), "A");
}

TEST_F(CredentialsTest, WithoutAnyKeysAFailureIsTold) {
    start();
    answer({down(), keys_of("A")});
    expect_error(ensure().result, Errc::Unreachable);
    expect_error(ensure().result, Errc::Unreachable);  // too soon to ask again
    EXPECT_EQ(source_->fetches, 1);
    advance(Credentials::kLeastInterval);
    expect_ok(ensure().result);
    EXPECT_EQ(source_->fetches, 2);
}

TEST_F(CredentialsTest, ExpiredKeysAreReplacedBeforeUse) {
    start();
    answer({keys_of("A", wall_in(hours(1))), keys_of("B", wall_in(hours(9)))});
    ensure();
    advance(hours(1) - seconds(1));
    ensure();
    EXPECT_EQ(id(), "A");
    advance(seconds(1));
    expect_ok(ensure().result);
    EXPECT_EQ(id(), "B");
    EXPECT_EQ(credentials_->generation(), 2U);
}

TEST_F(CredentialsTest, ExpiredKeysAreNotUsedWhenThereAreNoOthers) {
    start();
    answer({keys_of("A", wall_in(hours(1))), down()});
    ensure();
    advance(hours(2));
    expect_error(ensure().result, Errc::Unreachable);
}

TEST_F(CredentialsTest, KeysThatHaveExpiredAlreadyAreAFailure) {
    start();
    answer({keys_of("A", wall_in(seconds(0)))});
    expect_error(ensure().result, Errc::BadReply);
}

TEST_F(CredentialsTest, AreRefreshedSomeMinutesBeforeTheyExpire) {
    answer({keys_of("A", wall_in(hours(6))), keys_of("B", wall_in(hours(12)))});
    start_keeping();
    EXPECT_EQ(id(), "A");
    advance(hours(6) - minutes(5) - seconds(1));
    EXPECT_EQ(id(), "A");
    advance(seconds(1));
    EXPECT_EQ(id(), "B");
    EXPECT_EQ(source_->fetches, 2);
}

TEST_F(CredentialsTest, OfAShortLifeAreRefreshedInItsLastFifth) {
    answer({keys_of("A", wall_in(seconds(100))), keys_of("B")});
    start_keeping();
    advance(seconds(79));
    EXPECT_EQ(id(), "A");
    advance(seconds(1));
    EXPECT_EQ(id(), "B");
}

TEST_F(CredentialsTest, OfNoLifeToSpeakOfDoNotMakeAStorm) {
    answer({keys_of("A", wall_in(hours(100)))});
    answer({keys_of("A", wall_in(std::chrono::milliseconds(1)))});
    start_keeping();
    EXPECT_EQ(source_->fetches, 1);
    advance(seconds(4));
    EXPECT_EQ(source_->fetches, 1);
    advance(seconds(1));
    EXPECT_EQ(source_->fetches, 2);
}

TEST_F(CredentialsTest, OfARoleAreFetchedEvery300Seconds) {
    answer({keys_of("A", wall_in(hours(6)))});
    start_keeping(seconds(300));
    for (int i = 1; i <= 3; ++i) {
        advance(seconds(299));
        EXPECT_EQ(source_->fetches, i);
        advance(seconds(1));
        EXPECT_EQ(source_->fetches, i + 1);
    }
    EXPECT_EQ(credentials_->generation(), 1U);  // they were the same
}

TEST_F(CredentialsTest, ThatNeverExpireNeedNoTimer) {
    answer({keys_of("A")});
    start_keeping();
    EXPECT_EQ(scheduler_.next_due(), kNever);
}

TEST_F(CredentialsTest, OldKeysStayWhileARefreshFailsWithGrowingPauses) {
    answer({keys_of("A", wall_in(hours(6))), down()});
    start_keeping(seconds(300));
    advance(seconds(300));
    EXPECT_EQ(source_->fetches, 2);
    expect_ok(ensure().result);
    EXPECT_EQ(id(), "A");
    int fetches = 2;
    for (const int pause : {5, 10, 20, 40, 80, 160, 300, 300}) {
        advance(seconds(pause - 1));
        EXPECT_EQ(source_->fetches, fetches) << pause;
        advance(seconds(1));
        EXPECT_EQ(source_->fetches, ++fetches) << pause;
    }
    answer({keys_of("B", wall_in(hours(6)))});
    advance(seconds(300));
    EXPECT_EQ(id(), "B");
    advance(seconds(299));
    EXPECT_EQ(source_->fetches, fetches + 1);
}

TEST_F(CredentialsTest, RefusedKeysAreFetchedAnewOnceForAll) {
    start();
    answer({keys_of("A"), keys_of("B")});
    ensure();
    const uint64_t refused = credentials_->generation();
    advance(Credentials::kLeastInterval);
    source_->held = true;
    const Outcome& first = renew(refused);
    const Outcome& second = renew(refused);
    source_->release();
    run_ready();
    EXPECT_TRUE(first.renewed && second.renewed);
    EXPECT_EQ(source_->fetches, 2);
    EXPECT_EQ(id(), "B");
    EXPECT_TRUE(renew(refused).renewed);  // a late refusal of the old ones
    EXPECT_EQ(source_->fetches, 2);
}

TEST_F(CredentialsTest, RefusedKeysThatAreTheNewestAreRefusedForGood) {
    start();
    answer({keys_of("A")});
    ensure();
    advance(hours(1));
    EXPECT_FALSE(renew(credentials_->generation()).renewed);
    EXPECT_EQ(source_->fetches, 2);
    EXPECT_FALSE(renew(credentials_->generation()).renewed);  // not again so soon
    EXPECT_EQ(source_->fetches, 2);
}

TEST_F(CredentialsTest, AFailedRenewalLeavesTheOldKeys) {
    start();
    answer({keys_of("A"), down()});
    ensure();
    advance(hours(1));
    EXPECT_FALSE(renew(credentials_->generation()).renewed);
    EXPECT_EQ(id(), "A");
}

TEST_F(CredentialsTest, ARenewalMovesTheNextRefresh) {
    answer({keys_of("A", wall_in(hours(1))), keys_of("B")});
    start_keeping();
    advance(minutes(10));
    renew(credentials_->generation());
    EXPECT_EQ(id(), "B");
    EXPECT_EQ(scheduler_.next_due(), kNever);
}

TEST_F(CredentialsTest, AStopEndsTheWaitAndTheFetch) {
    answer({keys_of("A", wall_in(hours(1)))});
    start_keeping();
    EXPECT_EQ(group_.running(), 1U);
    credentials_->stop();
    run_ready();
    EXPECT_EQ(group_.running(), 0U);
    EXPECT_EQ(scheduler_.next_due(), kNever);
}

TEST_F(CredentialsTest, AStopEndsAFetch) {
    source_->held = true;
    start_keeping();
    const Outcome& waiting = ensure();
    credentials_->stop();
    run_ready();
    EXPECT_EQ(group_.running(), 0U);
    expect_error(waiting.result, Errc::Cancelled);
    expect_error(ensure().result, Errc::Cancelled);
}

TEST(AccessKeysTest, KeepTheirValuesWhenCopiedAndMoved) {
    AccessKeys first = keys_of("A", WallTime(seconds(7)));
    AccessKeys copy = first;
    AccessKeys moved = std::move(first);
    EXPECT_TRUE(copy.same_keys(moved));
    EXPECT_EQ(moved.expires, WallTime(seconds(7)));
    copy = keys_of("B");
    EXPECT_EQ(copy.id, "B");
    EXPECT_FALSE(copy.expires.has_value());
}

}  // namespace
}  // namespace s3b::net
