// SPDX-License-Identifier: Apache-2.0
// Discards: what becomes zeros at once, what has to be deleted, and in which order with writes.
#include "tests/cache/block_cache_fixture.h"

namespace s3b::cache {
namespace {

constexpr uint64_t kTebibyteBlocks = uint64_t{1} << 28;  // of 4 KiB

class DiscardTest : public BlockCacheTest {
protected:
    void discard(uint64_t first, uint64_t count) { cache().discard({first, count}, now_); }
    bool waits(uint32_t n) { return cache().deletions().waits(number(n)); }
    std::optional<BlockRange> claim() {
        cache().hurry_deletions(now_);
        return cache().claim_deletions(now_, 0, 1);
    }
    bool unstored(uint32_t n) { return cache().unstored(number(n), cache().version()); }
};

TEST_F(DiscardTest, ZerosTakeNoSlotAndNoEntryAndAreReadAtOnce) {
    for (uint32_t n = 0; n < 20; ++n) EXPECT_EQ(write(n, all(), true).kind, Plan::Done);
    EXPECT_EQ(cache().dirty(), 0U);
    EXPECT_EQ(cache().entries(), 0U);
    EXPECT_EQ(cache().deletions().size(), 20U);
    for (uint32_t n = 0; n < 20; ++n) EXPECT_EQ(look_up(n), Found::Kind::Zero);
    delete_all();
    EXPECT_EQ(cache().deletions().size(), 0U);
    EXPECT_EQ(cache().known_zero(), 20U);
}

TEST_F(DiscardTest, ARangeTakesWhatIsCachedWithIt) {
    fetch(1);
    write(2);
    write(3, {0, 8});
    fetch(50);
    discard(0, 50);
    for (uint32_t n = 0; n < 50; ++n) {
        EXPECT_EQ(state(n), BlockState::Absent) << n;
        EXPECT_EQ(look_up(n), Found::Kind::Zero) << n;
        EXPECT_TRUE(waits(n)) << n;
    }
    EXPECT_EQ(look_up(50), Found::Kind::Hit);
    EXPECT_EQ(cache().dirty(), 0U);
    EXPECT_EQ(cache().pop_due(now_ + seconds(100)), std::nullopt);  // nothing to upload
    for (uint32_t n = 60; n < 63; ++n) EXPECT_TRUE(fetch(n));       // their slots are free
    EXPECT_EQ(look_up(50), Found::Kind::Hit);
}

TEST_F(DiscardTest, ATebibyteIsDiscardedWordByWord) {
    settings_.geometry.blocks = BlockCount(kTebibyteBlocks);
    fetch(7);
    discard(1, kTebibyteBlocks - 2);
    EXPECT_EQ(cache().deletions().size(), kTebibyteBlocks - 2);
    EXPECT_EQ(look_up(0), Found::Kind::Fetch);
    EXPECT_EQ(look_up(7), Found::Kind::Zero);
    EXPECT_EQ(look_up(kTebibyteBlocks - 2), Found::Kind::Zero);
    EXPECT_EQ(look_up(kTebibyteBlocks - 1), Found::Kind::Fetch);
}

TEST_F(DiscardTest, WhatIsKnownToBeAbsentNeedsNoDeletion) {
    settings_.geometry.blocks = BlockCount(kTebibyteBlocks);
    cache().begin_survey();
    cache().note_object(number(5));
    cache().finish_survey();
    discard(0, kTebibyteBlocks);
    EXPECT_EQ(cache().deletions().size(), 1U);
    EXPECT_TRUE(waits(5));
    EXPECT_EQ(cache().counters().zero_write_hits, kTebibyteBlocks - 1);
    EXPECT_EQ(cache().known_zero(), kTebibyteBlocks);
    const uint64_t before = cache().known_zero();
    discard(0, kTebibyteBlocks);  // again
    EXPECT_EQ(cache().deletions().size(), 1U);
    EXPECT_EQ(cache().known_zero(), before);
}

TEST_F(DiscardTest, ASurveyFindsThatDeletionsAreNotNeeded) {
    discard(0, 100);
    cache().begin_survey();
    cache().note_object(number(5));
    cache().finish_survey();
    EXPECT_EQ(cache().deletions().size(), 1U);
    EXPECT_TRUE(waits(5));
    EXPECT_FALSE(unstored(6));
}

TEST_F(DiscardTest, AWriteTakesTheBlockOutOfTheDeletions) {
    discard(0, 10);
    const uint64_t discarded = cache().version();
    const WritePlan plan = write(3, {8, 16});
    EXPECT_TRUE(plan.zero_rest);
    EXPECT_FALSE(waits(3));
    // Neither the zeros nor the bytes are stored: who waits for the discard waits for the upload.
    EXPECT_TRUE(cache().unstored(number(3), discarded));
    EXPECT_EQ(cache().dirty_up_to(discarded), std::vector<BlockNumber>{number(3)});
    upload(3);
    EXPECT_FALSE(unstored(3));
}

TEST_F(DiscardTest, ABlockThatBecomesZerosAgainIsDeletedAgain) {
    discard(3, 1);
    write(3);
    discard(3, 1);
    EXPECT_TRUE(waits(3));
    EXPECT_EQ(cache().dirty(), 0U);
    delete_all();
    write(3);  // there is no object now
    discard(3, 1);
    EXPECT_EQ(look_up(3), Found::Kind::Zero);
}

TEST_F(DiscardTest, NoUploadBeginsBeforeTheDeletionHasEnded) {
    discard(3, 1);
    const auto claimed = claim();
    ASSERT_TRUE(claimed.has_value());
    write(3);
    EXPECT_TRUE(cache().deletions().under_way(number(3)));
    EXPECT_DEATH(cache().begin_put(number(3)), "under_way");
    cache().finish_deletions(*claimed);
    EXPECT_TRUE(unstored(3));
    upload(3);
    EXPECT_FALSE(unstored(3));
}

TEST_F(DiscardTest, ADeletionThatFailedIsNotRepeatedOverNewerBytes) {
    discard(3, 3);
    const auto claimed = claim();
    ASSERT_TRUE(claimed.has_value());
    write(4);
    cache().retry_deletions(*claimed, now_ + seconds(1));
    cache().release_deletions(*claimed);
    EXPECT_TRUE(waits(3));
    EXPECT_FALSE(waits(4));
    EXPECT_TRUE(waits(5));
    EXPECT_EQ(cache().next_deletion(), now_ + seconds(1));
    cache().hurry_deletions(now_);  // the pause holds
    EXPECT_EQ(cache().claim_deletions(now_, 0, 1), std::nullopt);
    now_ += seconds(1);
    EXPECT_TRUE(cache().claim_deletions(now_, 0, 1).has_value());
}

TEST_F(DiscardTest, TransfersUnderWayEndBeforeTheDeletionBegins) {
    cache().begin_fetch(number(1), Need::Client, now_);
    write(2);
    cache().begin_put(number(2));
    discard(0, 4);
    EXPECT_FALSE(waits(1));
    EXPECT_FALSE(waits(2));
    EXPECT_TRUE(waits(3));
    EXPECT_TRUE(unstored(1));
    EXPECT_TRUE(unstored(2));
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
    EXPECT_EQ(look_up(2), Found::Kind::Zero);
    cache().finish_fetch(number(1), now_);
    cache().fail_put(number(2), now_, now_ + seconds(5));
    EXPECT_TRUE(waits(1));
    EXPECT_TRUE(waits(2));
    EXPECT_EQ(cache().dirty(), 0U);
}

TEST_F(DiscardTest, WhoHasTakenABlockToUploadItFindsZeros) {
    write(1);
    cache().set_pressure(true);
    ASSERT_EQ(cache().pop_due(now_), number(1));
    discard(1, 1);
    EXPECT_EQ(state(1), BlockState::Dirty);  // it is still in the hands of its upload
    EXPECT_TRUE(cache().settle_zeros(number(1), false, now_));
    EXPECT_EQ(state(1), BlockState::Absent);
    EXPECT_TRUE(waits(1));
}

TEST_F(DiscardTest, BytesThatProveToBeZerosLeaveTheCache) {
    const SlotIndex slot = write(1).slot;
    cache().set_pressure(true);
    ASSERT_EQ(cache().pop_due(now_), number(1));
    EXPECT_FALSE(cache().settle_zeros(number(1), false, now_));
    EXPECT_TRUE(cache().settle_zeros(number(1), true, now_));
    EXPECT_EQ(cache().table().use_of(slot), SlotUse::Free);
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
    EXPECT_TRUE(unstored(1));
}

TEST_F(DiscardTest, DeletionsWaitForTheDelayOfWritesOrForWhoeverNeedsThem) {
    EXPECT_EQ(cache().next_deletion(), kNever);
    discard(3, 1);
    EXPECT_EQ(cache().next_deletion(), now_ + milliseconds(250));
    now_ += milliseconds(100);
    discard(4, 1);
    EXPECT_EQ(cache().next_deletion(), now_ + milliseconds(150));
    EXPECT_EQ(cache().claim_deletions(now_, 0, 1), std::nullopt);
    EXPECT_FALSE(cache().deletions_awaited());
    cache().hurry_deletions(now_);
    EXPECT_TRUE(cache().deletions_awaited());
    EXPECT_TRUE(cache().claim_deletions(now_, 0, 1).has_value());
    EXPECT_FALSE(cache().deletions_awaited());
    EXPECT_EQ(cache().next_deletion(), kNever);
}

TEST_F(DiscardTest, AFetchedBlockThatNobodyReadIsCountedAsUnused) {
    cache().begin_fetch(number(1), Need::Ahead, now_);
    cache().finish_fetch(number(1), now_);
    discard(0, 2);
    EXPECT_EQ(cache().counters().unused_blocks, 1U);
}

}  // namespace
}  // namespace s3b::cache
