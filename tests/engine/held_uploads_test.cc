// SPDX-License-Identifier: Apache-2.0
// Which uploads have to wait, how long, and in which order they go on.
#include "engine/held_uploads.h"

#include <gtest/gtest.h>

namespace s3b {
namespace {

using std::chrono::milliseconds;

Instant at(int64_t ms) { return Instant(milliseconds(ms)); }

constexpr BlockNumber kA(1);
constexpr BlockNumber kB(2);
constexpr BlockNumber kC(3);
constexpr std::optional<BlockNumber> kNone;

class HeldUploadsTest : public ::testing::Test {
protected:
    /// Blocks are kept for 1000 ms, and written every 100 ms at the most.
    void start(uint64_t capacity) {
        ConsistencySettings settings;
        settings.on = true;
        settings.keep = milliseconds(1000);
        settings.min_write_delay = milliseconds(100);
        settings.capacity = BlockCount(capacity);
        written_.emplace(settings);
        held_.emplace(*written_);
    }
    HeldUploads& held() { return *held_; }
    bool admit(BlockNumber block, Instant now, bool awaited = false) {
        return held().admit(block, awaited, now);
    }
    void end(BlockNumber block, Instant now) { written_->end_put(block, Md5(), now); }
    std::optional<BlockNumber> pop(Instant now, bool awaited_only = false) {
        return held().pop_ready(now, awaited_only);
    }

    std::optional<WrittenBlocks> written_;
    std::optional<HeldUploads> held_;
};

TEST_F(HeldUploadsTest, ASecondUploadWaitsForTheDelayAfterTheEndOfTheFirst) {
    start(0);
    EXPECT_TRUE(admit(kA, at(0)));
    end(kA, at(50));
    EXPECT_FALSE(admit(kA, at(60)));
    EXPECT_EQ(held().next_ready(), at(150));
    EXPECT_EQ(pop(at(149)), kNone);
    EXPECT_EQ(pop(at(150)), kA);
    EXPECT_EQ(held().size(), 0U);
    EXPECT_EQ(held().delay_time(), milliseconds(90));
    EXPECT_EQ(held().next_ready(), kNever);
}

TEST_F(HeldUploadsTest, OthersAreNotHeld) {
    start(0);
    admit(kA, at(0));
    end(kA, at(50));
    EXPECT_FALSE(admit(kA, at(60)));
    EXPECT_TRUE(admit(kB, at(60)));
}

TEST_F(HeldUploadsTest, GoOnInTheOrderOfTheirTimes) {
    start(0);
    for (const BlockNumber block : {kA, kB}) admit(block, at(0));
    end(kB, at(10));
    end(kA, at(20));
    EXPECT_FALSE(admit(kA, at(30)));
    EXPECT_FALSE(admit(kB, at(30)));
    EXPECT_EQ(pop(at(200)), kB);
    EXPECT_EQ(pop(at(200)), kA);
}

TEST_F(HeldUploadsTest, WithAFullTableWaitUntilABlockIsForgottenFirstComeFirstServed) {
    start(1);
    EXPECT_TRUE(admit(kA, at(0)));
    EXPECT_FALSE(admit(kB, at(0)));
    EXPECT_FALSE(admit(kC, at(1)));
    EXPECT_EQ(held().next_ready(), kNever);
    end(kA, at(10));
    EXPECT_EQ(held().next_ready(), at(1010));
    EXPECT_EQ(pop(at(1009)), kNone);
    EXPECT_EQ(pop(at(1010)), kB);
    EXPECT_EQ(pop(at(1010)), kNone);
    EXPECT_EQ(held().full_time(), milliseconds(1010));
    EXPECT_EQ(held().size(), 1U);
}

TEST_F(HeldUploadsTest, ABlockThatHasItsPlacePassesThoseThatHaveNone) {
    start(1);
    admit(kA, at(0));
    end(kA, at(0));
    EXPECT_FALSE(admit(kB, at(10)));
    EXPECT_TRUE(admit(kA, at(100)));
}

TEST_F(HeldUploadsTest, WhoNeedsAPlaceDoesNotPassThoseThatWaitForOne) {
    start(1);
    admit(kA, at(0));
    end(kA, at(0));
    EXPECT_FALSE(admit(kB, at(10)));
    EXPECT_FALSE(admit(kC, at(1000)));
    EXPECT_EQ(pop(at(1000)), kB);
}

TEST_F(HeldUploadsTest, ABlockForgottenDuringItsDelayNeedsAPlaceAgain) {
    start(1);
    admit(kA, at(0));
    end(kA, at(0));
    EXPECT_FALSE(admit(kA, at(50)));
    EXPECT_FALSE(admit(kB, at(60)));
    EXPECT_EQ(pop(at(1000)), kB);  // it came first
    EXPECT_EQ(held().size(), 1U);
    end(kB, at(1100));
    EXPECT_EQ(pop(at(2100)), kA);
}

TEST_F(HeldUploadsTest, OnlyThoseThatSomebodyWaitsForGoOnWhenToldSo) {
    start(0);
    admit(kA, at(0));
    end(kA, at(0));
    EXPECT_FALSE(admit(kA, at(10)));
    EXPECT_EQ(pop(at(100), true), kNone);
    held().hurry(kA);
    EXPECT_EQ(pop(at(99), true), kNone);
    EXPECT_EQ(pop(at(100), true), kA);
}

TEST_F(HeldUploadsTest, ACountersResetForgetsTheTimes) {
    start(0);
    admit(kA, at(0));
    end(kA, at(0));
    admit(kA, at(10));
    pop(at(100));
    held().reset_counters();
    EXPECT_EQ(held().delay_time(), Duration::zero());
}

}  // namespace
}  // namespace s3b
