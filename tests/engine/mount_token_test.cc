// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_token.h"

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

constexpr const char* kKey = "p/s3backer-mounted";

class MountTokenTest : public ::testing::Test {
protected:
    template <class T>
    T result_of(Task<T> task) {
        return loop_.result_of(std::move(task));
    }
    SimLoop loop_;
    net::FakeBucket bucket_;
    MountToken token_{bucket_, codec::ObjectNames("p/")};

    using Conditions = net::FakeBucket::Conditions;
    /// Two mounts take the same steps at the same times; how many succeed.
    int race() {
        bucket_.allow_several_clients();
        bucket_.set_delay(milliseconds(1));
        MountToken other(bucket_, codec::ObjectNames("p/"));
        std::optional<Result<uint32_t>> first;
        std::optional<Result<uint32_t>> second;
        TaskGroup group;
        group.spawn(keep_result(token_.establish(false), first));
        group.spawn(keep_result(other.establish(false), second));
        EXPECT_TRUE(loop_.run_until([&group] { return group.running() == 0; }));
        return first->has_value() + second->has_value();
    }
};

TEST_F(MountTokenTest, AFreshBucketHasNone) { EXPECT_EQ(*result_of(token_.read()), std::nullopt); }

TEST_F(MountTokenTest, AFlagWithoutANumberCountsAsOne) {
    bucket_.set(kKey, {});
    EXPECT_EQ(*result_of(token_.read()), 1U);
}

TEST_F(MountTokenTest, WhatIsEstablishedIsReadAndCleared) {
    ASSERT_TRUE(result_of(token_.establish(false)).has_value());
    const std::optional<uint32_t> token = *result_of(token_.read());
    ASSERT_TRUE(token.has_value());
    EXPECT_GT(*token, 0U);
    EXPECT_LT(*token, 0x7FFFFFFFU);
    EXPECT_EQ(bucket_.find(kKey)->content_type, "text/plain");
    ASSERT_TRUE(result_of(token_.clear()).has_value());
    EXPECT_EQ(bucket_.find(kKey), nullptr);
}

TEST_F(MountTokenTest, TheTokenOfAnotherMountIsLeftAlone) {
    net::ObjectMeta meta;
    meta.mount_token = 0x12345678;
    bucket_.set(kKey, {}, meta);
    const Result<uint32_t> established = result_of(token_.establish(false));
    ASSERT_FALSE(established.has_value());
    EXPECT_EQ(established.error().code, Errc::Busy);
    EXPECT_EQ(bucket_.find(kKey)->meta.mount_token, 0x12345678U);
}

TEST_F(MountTokenTest, ForceReplacesIt) {
    bucket_.set(kKey, {});
    EXPECT_TRUE(result_of(token_.establish(true)).has_value());
    EXPECT_TRUE(bucket_.find(kKey)->meta.mount_token.has_value());
}

TEST_F(MountTokenTest, OfTwoThatMountAtTheSameTimeOneWins) {
    EXPECT_EQ(race(), 1);
    EXPECT_TRUE(bucket_.find(kKey)->meta.mount_token.has_value());
}

TEST_F(MountTokenTest, WithoutConditionalWritesTheOneThatWasOverwrittenGivesWay) {
    for (const Conditions conditions : {Conditions::Ignored, Conditions::Unsupported}) {
        bucket_.erase(kKey);
        bucket_.set_conditions(conditions);
        EXPECT_EQ(race(), 1);
    }
}

TEST_F(MountTokenTest, AnAnswerThatGotLostIsNoLostRace) {
    bucket_.lose_reply(net::FakeBucket::Verb::Put, kKey);
    EXPECT_TRUE(result_of(token_.establish(false)).has_value());
    bucket_.erase(kKey);
    bucket_.apply_late(net::FakeBucket::Verb::Put, kKey, std::chrono::seconds(1));
    const Result<uint32_t> unknown = result_of(token_.establish(false));
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().code, Errc::OutcomeUnknown);
}

TEST_F(MountTokenTest, AStoreThatCannotBeAskedIsAnError) {
    bucket_.fail_next(net::FakeBucket::Verb::Head, kKey, Errc::Forbidden);
    EXPECT_FALSE(result_of(token_.read()).has_value());
}

}  // namespace
}  // namespace s3b
