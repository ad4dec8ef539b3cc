// SPDX-License-Identifier: Apache-2.0
// What the fake adds to the contract: virtual delays, faults, holds, counts.
#include "tests/fakes/fake_bucket.h"

#include <gtest/gtest.h>

#include "engine/reactor/task_group.h"
#include "tests/net/store_steps.h"

namespace s3b::net {
namespace {

using Verb = FakeBucket::Verb;
using std::chrono::milliseconds;

/// What a put ended with, and when.
struct Outcome {
    std::string text;
    Instant at{};
};

Task<void> put_one(FakeBucket& bucket, std::string key, Outcome& outcome) {
    const std::vector<std::byte> body = pattern(64, 1);
    const PutRequest request = put_of(key, body);
    const Result<ETag> etag = co_await bucket.put(request);
    outcome.text = etag.has_value() ? "ok" : to_string(etag.error().code);
    outcome.at = Scheduler::current().now();
}

class FakeBucketTest : public ::testing::Test {
protected:
    void run_ready() {
        while (scheduler_.has_ready()) scheduler_.run_turn();
    }
    void run_until_idle() {
        run_ready();
        while (scheduler_.next_due() != kNever) {
            clock_.advance_to(scheduler_.next_due());
            scheduler_.update_now();
            scheduler_.run_turn();
            run_ready();
        }
    }
    Outcome put(const std::string& key) {
        Outcome outcome;
        group_.spawn(put_one(bucket_, key, outcome));
        run_until_idle();
        return outcome;
    }

    ManualClock clock_;
    Scheduler scheduler_{clock_};
    FakeBucket bucket_;
    TaskGroup group_;
};

TEST_F(FakeBucketTest, DelaysAreVirtualTime) {
    bucket_.set_delay(milliseconds(30));
    const Instant begin = scheduler_.now();
    EXPECT_EQ(put("a").at - begin, milliseconds(30));
    EXPECT_EQ(bucket_.put_count("a"), 1);
}

TEST_F(FakeBucketTest, AnInjectedFailureChangesNothingAndPasses) {
    bucket_.fail_next(Verb::Put, "a", Errc::ServerError, 2);
    EXPECT_EQ(put("b").text, "ok");
    EXPECT_EQ(put("a").text, "ServerError");
    EXPECT_EQ(put("a").text, "ServerError");
    EXPECT_EQ(bucket_.find("a"), nullptr);
    EXPECT_EQ(put("a").text, "ok");
    EXPECT_NE(bucket_.find("a"), nullptr);
}

TEST_F(FakeBucketTest, ALostReplyTakesEffect) {
    bucket_.lose_reply(Verb::Put, "");
    EXPECT_EQ(put("a").text, "OutcomeUnknown");
    EXPECT_NE(bucket_.find("a"), nullptr);
}

TEST_F(FakeBucketTest, ALateChangeTakesEffectOnlyAfterItsTime) {
    bucket_.apply_late(Verb::Put, "a", milliseconds(100));
    EXPECT_EQ(put("a").text, "OutcomeUnknown");
    EXPECT_EQ(bucket_.find("a"), nullptr);
    bucket_.set_delay(milliseconds(100));
    put("b");
    EXPECT_NE(bucket_.find("a"), nullptr);
}

TEST_F(FakeBucketTest, AHeldCallWaitsForItsRelease) {
    bucket_.hold(Verb::Put, "a");
    Outcome a;
    Outcome b;
    group_.spawn(put_one(bucket_, "a", a));
    group_.spawn(put_one(bucket_, "b", b));
    run_until_idle();
    EXPECT_EQ(a.text, "");
    EXPECT_EQ(b.text, "ok");
    EXPECT_EQ(bucket_.held(), 1);
    bucket_.release(Verb::Put, "a");
    run_until_idle();
    EXPECT_EQ(a.text, "ok");
    EXPECT_EQ(bucket_.peak_puts(), 2);
}

TEST_F(FakeBucketTest, CancelAllEndsDelaysAndHolds) {
    bucket_.set_delay(std::chrono::hours(1));
    bucket_.hold(Verb::Put, "a");
    Outcome a;
    Outcome b;
    group_.spawn(put_one(bucket_, "a", a));
    group_.spawn(put_one(bucket_, "b", b));
    bucket_.cancel_all();
    run_until_idle();
    EXPECT_EQ(a.text, "Cancelled");
    EXPECT_EQ(b.text, "Cancelled");
    EXPECT_TRUE(bucket_.objects().empty());
    bucket_.release(Verb::Put, "a");
    bucket_.revive();
    EXPECT_EQ(put("a").text, "ok");
}

Task<void> list_into(FakeBucket& bucket, std::string after, Result<ListPage>& page) {
    ListRequest request;
    request.after = after;
    page = co_await bucket.list(request);
}

Task<void> remove_into(FakeBucket& bucket, std::vector<std::string> keys,
                       Result<std::vector<std::string>>& left) {
    left = co_await bucket.remove_many(keys);
}

TEST_F(FakeBucketTest, AListSeesWhatThereIsInTheMiddleOfItsDelay) {
    bucket_.set_delay(milliseconds(30));
    Result<ListPage> page(ListPage{});
    group_.spawn(list_into(bucket_, "", page));
    run_ready();
    bucket_.set("early", pattern(8, 1));
    clock_.advance_to(scheduler_.now() + milliseconds(15));
    scheduler_.update_now();
    scheduler_.run_turn();
    run_ready();
    bucket_.set("late", pattern(8, 1));
    run_until_idle();
    expect_ok(page);
    ASSERT_EQ(page->objects.size(), 1U);
    EXPECT_EQ(page->objects.front().key, "early");
    EXPECT_EQ(bucket_.peak(Verb::List), 1);
    EXPECT_EQ(bucket_.under_way(Verb::List), 0);
}

TEST_F(FakeBucketTest, ListsFailAndMisbehaveAsTold) {
    for (const char* key : {"a", "b", "c"}) bucket_.set(key, pattern(8, 1));
    Result<ListPage> page(ListPage{});
    bucket_.fail_next(Verb::List, "a", Errc::ServerError);
    group_.spawn(list_into(bucket_, "a", page));
    run_until_idle();
    expect_error(page, Errc::ServerError);
    bucket_.ignore_after(true);
    bucket_.set_page_limit(2);
    group_.spawn(list_into(bucket_, "a", page));
    run_until_idle();
    expect_ok(page);
    EXPECT_EQ(page->objects.front().key, "a");
    EXPECT_EQ(page->objects.size(), 2U);
    EXPECT_TRUE(page->truncated);
}

TEST_F(FakeBucketTest, RemovingManyFailsForSingleKeysOrAsAWhole) {
    for (const char* key : {"a", "b", "c"}) bucket_.set(key, pattern(8, 1));
    Result<std::vector<std::string>> left(std::vector<std::string>{});
    bucket_.fail_next(Verb::RemoveMany, "", Errc::Unsupported);
    group_.spawn(remove_into(bucket_, words("a b"), left));
    run_until_idle();
    expect_error(left, Errc::Unsupported);
    EXPECT_EQ(bucket_.objects().size(), 3U);
    bucket_.fail_next(Verb::RemoveMany, "b", Errc::Io);
    group_.spawn(remove_into(bucket_, words("a b"), left));
    run_until_idle();
    expect_ok(left);
    EXPECT_EQ(*left, words("b"));
    EXPECT_EQ(bucket_.objects().size(), 2U);
    bucket_.lose_reply(Verb::RemoveMany, "");
    group_.spawn(remove_into(bucket_, words("b c"), left));
    run_until_idle();
    expect_error(left, Errc::OutcomeUnknown);
    EXPECT_EQ(bucket_.objects().size(), 0U);
    EXPECT_EQ(bucket_.remove_many_count("b"), 3);
}

}  // namespace
}  // namespace s3b::net
