// SPDX-License-Identifier: Apache-2.0
// What BlockCache decides, without any bytes: the test plays the flows' part.
#include "tests/cache/block_cache_fixture.h"

namespace s3b::cache {
namespace {

TEST_F(BlockCacheTest, AMissIsFetchedAndThenHit) {
    EXPECT_EQ(look_up(1), Found::Kind::Fetch);
    ASSERT_TRUE(fetch(1));
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
    EXPECT_EQ(cache().counters().read_misses, 1U);
    EXPECT_EQ(cache().counters().read_hits, 1U);
}

TEST_F(BlockCacheTest, LaterReadersJoinADownload) {
    cache().begin_fetch(number(1), Need::Client, now_);
    EXPECT_EQ(look_up(1), Found::Kind::Join);
    cache().fail_fetch(number(1), now_);
    EXPECT_EQ(look_up(1), Found::Kind::Fetch);
}

TEST_F(BlockCacheTest, AnAbsentObjectIsRememberedAsZerosWithoutASlot) {
    cache().begin_fetch(number(1), Need::Client, now_);
    cache().finish_fetch_absent(number(1), now_);
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
    EXPECT_EQ(cache().entries(), 0U);
    EXPECT_EQ(cache().known_zero(), 1U);
}

TEST_F(BlockCacheTest, TheLeastRecentlyUsedCleanBlockIsEvicted) {
    for (uint32_t n = 0; n < 4; ++n) fetch(n);
    look_up(0);
    fetch(4);
    EXPECT_EQ(state(1), BlockState::Absent);
    EXPECT_EQ(state(0), BlockState::Clean);
    EXPECT_EQ(cache().entries(), 4U);
}

TEST_F(BlockCacheTest, DirtyBlocksAreNeverEvicted) {
    for (uint32_t n = 0; n < 4; ++n) write(n);
    EXPECT_FALSE(fetch(4));
    EXPECT_EQ(write(5).kind, Plan::WaitSpace);
    upload(0);
    EXPECT_TRUE(fetch(4));
    EXPECT_EQ(state(0), BlockState::Absent);
}

TEST_F(BlockCacheTest, APinnedBlockIsNotEvicted) {
    for (uint32_t n = 0; n < 4; ++n) fetch(n);
    const BlockTable::Pin pin = cache().table().try_pin(number(0));
    ASSERT_TRUE(static_cast<bool>(pin));
    fetch(4);
    EXPECT_EQ(state(0), BlockState::Clean);
    EXPECT_EQ(state(1), BlockState::Absent);
}

TEST_F(BlockCacheTest, APartialWriteOfAnAbsentBlockIsAnOverlay) {
    EXPECT_EQ(write(1, {8, 16}).kind, Plan::Apply);
    EXPECT_EQ(state(1), BlockState::Partial);
    EXPECT_EQ(look_up(1, {8, 16}), Found::Kind::Hit);
    EXPECT_EQ(look_up(1, {8, 17}), Found::Kind::Fetch);
}

TEST_F(BlockCacheTest, ADownloadFillsOnlyTheGapsOfAnOverlay) {
    const SlotIndex slot = write(1, {8, 16}).slot;
    cache().begin_fetch(number(1), Need::Client, now_);
    EXPECT_EQ(cache().fill_target(number(1)), slot);
    const std::vector<ByteRange> gaps = cache().gaps(number(1));
    EXPECT_EQ(gaps, (std::vector<ByteRange>{{0, 8}, {16, kBlock}}));
    cache().finish_fetch(number(1), now_);
    EXPECT_EQ(state(1), BlockState::Dirty);
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
}

TEST_F(BlockCacheTest, PiecesThatCoverTheBlockMakeItWholeWithoutADownload) {
    write(1, {0, 40});
    write(1, {30, kBlock});
    EXPECT_EQ(state(1), BlockState::Dirty);
}

TEST_F(BlockCacheTest, AFailedFillLeavesTheOverlay) {
    write(1, {8, 16});
    cache().begin_fetch(number(1), Need::Client, now_);
    cache().fail_fetch(number(1), now_);
    EXPECT_EQ(state(1), BlockState::Partial);
    EXPECT_EQ(look_up(1, {8, 16}), Found::Kind::Hit);
}

TEST_F(BlockCacheTest, ZerosWrittenDuringADownloadWin) {
    cache().begin_fetch(number(1), Need::Client, now_);
    EXPECT_EQ(write(1, all(), true).kind, Plan::Done);
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
    EXPECT_EQ(cache().fill_target(number(1)), std::nullopt);
    EXPECT_FALSE(cache().deletions().waits(number(1)));  // it is not to overtake the download
    cache().finish_fetch(number(1), now_);
    EXPECT_EQ(state(1), BlockState::Absent);
    EXPECT_TRUE(cache().deletions().waits(number(1)));
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
}

TEST_F(BlockCacheTest, ZerosWrittenDuringADownloadThatFailsWin) {
    cache().begin_fetch(number(1), Need::Client, now_);
    write(1, all(), true);
    cache().fail_fetch(number(1), now_);
    EXPECT_TRUE(cache().deletions().waits(number(1)));
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
}

TEST_F(BlockCacheTest, PartsWrittenOverZerosAskForTheRestToBeZeroed) {
    write(1, all(), true);
    const WritePlan plan = write(1, {8, 16});
    EXPECT_EQ(plan.kind, Plan::Apply);
    EXPECT_TRUE(plan.zero_rest);
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
}

TEST_F(BlockCacheTest, AWriteDuringAnUploadGoesToAnotherSlot) {
    const SlotIndex sent = write(1).slot;
    cache().begin_put(number(1));
    const WritePlan plan = write(1, {0, 8});
    EXPECT_NE(plan.slot, sent);
    EXPECT_EQ(plan.copy_from, sent);
    EXPECT_EQ(state(1), BlockState::Rewritten);
    cache().finish_put(number(1), now_);
    EXPECT_EQ(state(1), BlockState::Dirty);
}

TEST_F(BlockCacheTest, AnUploadThatFailedMakesTheBlockDueAtTheTimeGiven) {
    write(1);
    now_ += seconds(1);
    ASSERT_EQ(cache().pop_due(now_), number(1));
    cache().begin_put(number(1));
    cache().fail_put(number(1), now_, now_ + seconds(5));
    EXPECT_EQ(cache().failures(number(1)), 1U);
    EXPECT_EQ(cache().pop_due(now_ + seconds(4)), std::nullopt);
    EXPECT_EQ(cache().next_due(now_), now_ + seconds(5));
    EXPECT_EQ(cache().pop_due(now_ + seconds(5)), number(1));
}

TEST_F(BlockCacheTest, ABlockIsDueAfterTheDelayOfItsFirstWrite) {
    settings_.size = 1000;
    write(1);
    now_ += milliseconds(200);
    write(1);
    EXPECT_EQ(cache().pop_due(now_), std::nullopt);
    now_ += milliseconds(50);
    EXPECT_EQ(cache().pop_due(now_), number(1));
}

TEST_F(BlockCacheTest, AFullCacheMakesEverythingDueAtOnce) {
    for (uint32_t n = 0; n < 4; ++n) write(n);
    EXPECT_TRUE(cache().pop_due(now_).has_value());
}

TEST_F(BlockCacheTest, PressureMakesEverythingDue) {
    settings_.size = 1000;
    settings_.write_delay = seconds(100);
    write(1);
    EXPECT_EQ(cache().pop_due(now_), std::nullopt);
    cache().set_pressure(true);
    EXPECT_EQ(cache().pop_due(now_), number(1));
}

TEST_F(BlockCacheTest, WritesAreUnstoredUntilAnUploadThatBeganAfterThem) {
    write(1);
    const uint64_t first = cache().version();
    cache().begin_put(number(1));
    write(1);
    const uint64_t second = cache().version();
    EXPECT_TRUE(cache().unstored(number(1), first));
    cache().finish_put(number(1), now_);
    EXPECT_FALSE(cache().unstored(number(1), first));
    EXPECT_TRUE(cache().unstored(number(1), second));
    upload(1);
    EXPECT_FALSE(cache().unstored(number(1), second));
}

TEST_F(BlockCacheTest, MaxDirtyLetsOnlyRewritesPass) {
    settings_.max_dirty = 1;
    write(1);
    EXPECT_EQ(write(2).kind, Plan::WaitSpace);
    EXPECT_EQ(write(1).kind, Plan::Apply);
    upload(1);
    EXPECT_EQ(write(2).kind, Plan::Apply);
}

TEST_F(BlockCacheTest, TooManyPiecesHaveToBeFilledFirst) {
    settings_.geometry.block_size = ByteCount(4096);
    uint32_t begin = 0;
    Plan kind = Plan::Apply;
    while (kind == Plan::Apply && begin < 4096) {
        kind = write(1, {begin, begin + 1}).kind;
        begin += 2;
    }
    EXPECT_EQ(kind, Plan::FillFirst);
    EXPECT_EQ(begin, 2 * (RangeSet::kMaxRanges + 1));
}

TEST_F(BlockCacheTest, CleanBlocksExpireAfterTheTimeout) {
    settings_.timeout = seconds(2);
    fetch(1);
    EXPECT_EQ(cache().next_expiry(), now_ + seconds(2));
    now_ += seconds(2);
    EXPECT_EQ(cache().drop_expired(now_), 1U);
    EXPECT_EQ(state(1), BlockState::Absent);
    EXPECT_EQ(cache().next_expiry(), kNever);
}

TEST_F(BlockCacheTest, WithoutACacheCleanBlocksAreForgotten) {
    settings_.keep_clean = false;
    fetch(1);
    cache().forget_clean(number(1));
    EXPECT_EQ(state(1), BlockState::Absent);
    write(2);
    upload(2);
    EXPECT_EQ(state(2), BlockState::Absent);
}

TEST_F(BlockCacheTest, NoSlotIsLostOverManyRounds) {
    for (uint32_t round = 0; round < 1000; ++round) {
        const uint32_t n = round % 7;
        write(n, {0, 8});
        if (state(n) == BlockState::Partial) {
            const auto slot = cache().begin_fetch(number(n), Need::Upload, now_);
            ASSERT_TRUE(slot.has_value()) << round;
            cache().finish_fetch(number(n), now_);
        }
        cache().begin_put(number(n));
        ASSERT_EQ(write(n, {8, 16}).kind, Plan::Apply) << round;
        cache().finish_put(number(n), now_);
        upload(n);
        ASSERT_LE(cache().entries(), settings_.size);
        ASSERT_EQ(cache().dirty(), 0U);
    }
}

TEST_F(BlockCacheTest, BlocksRewrittenDuringTheirUploadsDriveNoOtherOut) {
    for (uint32_t n = 0; n < 4; ++n) write(n);
    for (uint32_t n = 0; n < 2; ++n) {
        cache().begin_put(number(n));
        write(n);  // in another slot: the reserve is for that
    }
    upload(2);
    upload(3);
    cache().discard(number(2), now_);
    EXPECT_TRUE(fetch(9));  // there is room for one more
    EXPECT_EQ(state(3), BlockState::Clean);
}

TEST_F(BlockCacheTest, BlocksAreNotSentEarlierWhileNoneComesIn) {
    settings_.write_delay = milliseconds(1000);
    for (uint32_t n = 0; n < 4; ++n) write(n);  // full of dirty blocks: due at once
    EXPECT_LE(cache().next_due(now_), now_);
    for (uint32_t n = 0; n < 4; ++n) upload(n);
    now_ += milliseconds(1001);
    for (uint32_t n = 0; n < 4; ++n) write(n);  // they need no room
    EXPECT_EQ(cache().next_due(now_), now_ + milliseconds(1000));
    EXPECT_EQ(cache().pop_due(now_), std::nullopt);
    write(9);  // finds none, but would need it
    EXPECT_LE(cache().next_due(now_), now_);
}

}  // namespace
}  // namespace s3b::cache
