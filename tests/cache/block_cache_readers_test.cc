// SPDX-License-Identifier: Apache-2.0
// Readers in other threads, from the owner's side: their pins are in the way, their hits come late.
#include "tests/cache/block_cache_fixture.h"

namespace s3b::cache {
namespace {

TEST_F(BlockCacheTest, AReadersPinKeepsABlockAndTheCacheTellsThatItWasInTheWay) {
    settings_.readers = 1;
    for (uint32_t n = 0; n < 4; ++n) ASSERT_TRUE(fetch(n));
    EXPECT_FALSE(cache().pin_was_in_the_way());
    {
        const BlockTable::Pin pin = cache().table().try_pin(number(0));  // the next to leave
        ASSERT_TRUE(fetch(4));
        EXPECT_EQ(state(0), BlockState::Clean);
        EXPECT_EQ(state(1), BlockState::Absent);
        for (const uint32_t n : {2U, 3U, 4U}) write(n);
        EXPECT_FALSE(fetch(5));  // nothing else is clean
        EXPECT_TRUE(cache().pin_was_in_the_way());
    }
    EXPECT_TRUE(fetch(5));
}

TEST_F(BlockCacheTest, AWriteThatFindsItsOwnBlockPinnedAndNoOtherRoomMayTryAgainSoon) {
    settings_.size = 1;
    settings_.readers = 1;
    ASSERT_TRUE(fetch(0));
    {
        const BlockTable::Pin pin = cache().table().try_pin(number(0));
        EXPECT_EQ(write(0).kind, Plan::WaitSpace);
        EXPECT_TRUE(cache().pin_was_in_the_way());
    }
    EXPECT_EQ(write(0).kind, Plan::Apply);
}

TEST_F(BlockCacheTest, AReaderTakesNothingOfWhatUploadsNeed) {
    settings_.readers = 1;
    for (uint32_t n = 0; n < 4; ++n) write(n);
    const BlockTable::Pin pin = cache().table().try_pin(number(0));
    ASSERT_EQ(write(0).kind, Plan::Apply);  // into another slot, while the old bytes are read
    for (const uint32_t n : {1U, 2U}) {
        cache().begin_put(number(n));
        EXPECT_EQ(write(n).kind, Plan::Apply);
    }
}

TEST_F(BlockCacheTest, AHitThatComesLateIsAUseOnlyIfTheBlockIsStillThere) {
    settings_.readers = 1;
    for (uint32_t n = 0; n < 4; ++n) ASSERT_TRUE(fetch(n));
    const SlotIndex slot = *cache().table().find(number(0));
    cache().note_hit(number(0), slot, now_);
    ASSERT_TRUE(fetch(4));
    EXPECT_EQ(state(0), BlockState::Clean);
    EXPECT_EQ(state(1), BlockState::Absent);
    cache().note_hit(number(1), slot, now_);  // the slot is another block's
    ASSERT_TRUE(fetch(5));
    EXPECT_EQ(state(2), BlockState::Absent);
    EXPECT_EQ(cache().counters().read_hits, 2U);
}

}  // namespace
}  // namespace s3b::cache
