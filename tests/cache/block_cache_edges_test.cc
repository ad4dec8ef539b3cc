// SPDX-License-Identifier: Apache-2.0
// Where BlockCache's rules meet: pins and room, zeros and transfers, halves of writes, due times.
#include <vector>

#include "tests/cache/block_cache_fixture.h"

namespace s3b::cache {
namespace {

TEST_F(BlockCacheTest, ThereIsASlotForEachBlockAndTwoForEachUpload) {
    EXPECT_EQ(BlockCache::slots_for(settings_), SlotCount(8));
    EXPECT_EQ(cache().table().slots(), SlotCount(8));
}

// ---- halves of writes

TEST_F(BlockCacheTest, NobodyReadsAWriteThatIsHalfDone) {
    cache().begin_write(number(1), all(), false, now_);
    EXPECT_EQ(look_up(1), Found::Kind::Join);
    cache().end_write(number(1));
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
}

TEST_F(BlockCacheTest, NobodyReadsTheLastPieceOfABlockBeforeItIsThere) {
    write(1, {0, 40});
    cache().begin_write(number(1), {40, kBlock}, false, now_);
    EXPECT_EQ(look_up(1), Found::Kind::Join);
    cache().end_write(number(1));
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
}

TEST_F(BlockCacheTest, HalfAWriteIsNotUploaded) {
    cache().begin_write(number(1), all(), false, now_);
    EXPECT_DEATH(cache().begin_put(number(1)), "is_readable");
}

TEST_F(BlockCacheTest, APartiallyKnownBlockIsNotUploaded) {
    write(1, {0, 8});
    EXPECT_DEATH(cache().begin_put(number(1)), "next.has_value");
}

// ---- writes during downloads

TEST_F(BlockCacheTest, AWholeWriteDuringADownloadThatFailsStands) {
    cache().begin_fetch(number(1), Need::Client, now_);
    write(1);
    EXPECT_EQ(state(1), BlockState::Filling);
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
    cache().fail_fetch(number(1), now_);
    EXPECT_EQ(state(1), BlockState::Dirty);
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
}

TEST_F(BlockCacheTest, AWholeWriteDuringADownloadLeavesNoGapsToFill) {
    const auto fetched = cache().begin_fetch(number(1), Need::Client, now_);
    const SlotIndex written = write(1).slot;
    EXPECT_NE(*fetched, written);
    EXPECT_TRUE(cache().gaps(number(1)).empty());
    cache().finish_fetch(number(1), now_);
    EXPECT_EQ(cache().table().find(number(1)), written);
    EXPECT_EQ(cache().table().use_of(*fetched), SlotUse::Free);
}

TEST_F(BlockCacheTest, PartsWrittenOverZerosDuringADownloadAreWhole) {
    cache().begin_fetch(number(1), Need::Client, now_);
    write(1, all(), true);
    const WritePlan plan = write(1, {8, 16});
    EXPECT_TRUE(plan.zero_rest);
    EXPECT_EQ(cache().fill_target(number(1)), plan.slot);
    EXPECT_TRUE(cache().gaps(number(1)).empty());
    cache().finish_fetch_absent(number(1), now_);
    EXPECT_EQ(state(1), BlockState::Dirty);
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
}

TEST_F(BlockCacheTest, AnAbsentObjectFillsTheGapsOfAnOverlayWithZeros) {
    const SlotIndex slot = write(1, {8, 16}).slot;
    cache().begin_fetch(number(1), Need::Upload, now_);
    EXPECT_EQ(cache().fill_target(number(1)), slot);
    cache().finish_fetch_absent(number(1), now_);
    EXPECT_EQ(state(1), BlockState::Dirty);
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
    EXPECT_FALSE(cache().absent(number(1)));
}

// ---- zeros

TEST_F(BlockCacheTest, ZerosOverKnownZerosChangeNothing) {
    cache().begin_fetch(number(1), Need::Client, now_);
    cache().finish_fetch_absent(number(1), now_);
    EXPECT_TRUE(cache().is_zero(number(1)));
    EXPECT_EQ(write(1, {3, 9}, true).kind, Plan::Done);
    EXPECT_EQ(cache().dirty(), 0U);
    EXPECT_EQ(cache().version(), 0U);
    EXPECT_EQ(cache().counters().zero_write_hits, 1U);
}

TEST_F(BlockCacheTest, APartWrittenToAKnownZeroBlockNeedsNoDownload) {
    cache().begin_fetch(number(1), Need::Client, now_);
    cache().finish_fetch_absent(number(1), now_);
    EXPECT_TRUE(write(1, {3, 9}).zero_rest);
    EXPECT_EQ(state(1), BlockState::Dirty);
    EXPECT_FALSE(cache().is_zero(number(1)));
}

TEST_F(BlockCacheTest, ASurveyMakesZerosOfAllThatItDidNotFind) {
    cache().begin_survey();
    cache().note_object(number(7));
    cache().finish_survey();
    EXPECT_EQ(look_up(6), Found::Kind::Zero);
    EXPECT_EQ(look_up(7), Found::Kind::Fetch);
    EXPECT_FALSE(cache().absent(number(6)));
    EXPECT_EQ(write(5, all(), true).kind, Plan::Done);
    EXPECT_EQ(cache().dirty(), 0U);  // nothing to delete
    EXPECT_EQ(cache().known_zero(), 999U);
}

TEST_F(BlockCacheTest, ASurveyForgetsNoUploadThatItMayHaveMissed) {
    write(1);
    cache().begin_put(number(1));  // it arrives after the survey has looked
    cache().begin_survey();
    write(2);
    upload(2);  // likewise
    write(3);
    cache().finish_survey();
    cache().finish_put(number(1), now_);
    upload(3);
    for (uint32_t n = 4; n < 8; ++n) fetch(n);
    for (const uint32_t n : {1U, 2U, 3U}) {
        EXPECT_EQ(state(n), BlockState::Absent);
        EXPECT_EQ(look_up(n), Found::Kind::Fetch);
    }
}

TEST_F(BlockCacheTest, AnObjectThatASurveyDidNotFindIsBelievedWhenItIsRead) {
    cache().begin_fetch(number(1), Need::Client, now_);
    cache().begin_survey();
    cache().finish_survey();
    cache().finish_fetch(number(1), now_);
    for (uint32_t n = 2; n < 6; ++n) {
        write(n);
        upload(n);
    }
    EXPECT_EQ(state(1), BlockState::Absent);
    EXPECT_EQ(look_up(1), Found::Kind::Fetch);
}

TEST_F(BlockCacheTest, ZerosDuringAnUploadLeaveTheBytesAloneUntilItEnds) {
    const SlotIndex sent = write(1).slot;
    cache().begin_put(number(1));
    EXPECT_EQ(write(1, all(), true).kind, Plan::Done);
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
    EXPECT_TRUE(cache().table().pinned(sent));
    EXPECT_FALSE(cache().deletions().waits(number(1)));  // it must not overtake the upload
    cache().finish_put(number(1), now_);
    EXPECT_EQ(cache().table().use_of(sent), SlotUse::Free);
    EXPECT_EQ(state(1), BlockState::Absent);
    EXPECT_TRUE(cache().deletions().waits(number(1)));
    EXPECT_EQ(look_up(1), Found::Kind::Zero);
}

// ---- room

TEST_F(BlockCacheTest, ClientsFillOverlaysFromTheirShareOfTheReserveOnly) {
    for (uint32_t n = 0; n < 4; ++n) write(n, {0, 8});
    EXPECT_TRUE(cache().begin_fetch(number(0), Need::Client, now_).has_value());
    EXPECT_TRUE(cache().begin_fetch(number(1), Need::Client, now_).has_value());
    EXPECT_FALSE(cache().begin_fetch(number(2), Need::Client, now_).has_value());
    EXPECT_TRUE(cache().begin_fetch(number(2), Need::Upload, now_).has_value());
    EXPECT_TRUE(cache().begin_fetch(number(3), Need::Upload, now_).has_value());
}

TEST_F(BlockCacheTest, BlocksBeingReadCountAsEntries) {
    for (uint32_t n = 0; n < 4; ++n) {
        EXPECT_TRUE(cache().begin_fetch(number(n), Need::Client, now_).has_value());
    }
    EXPECT_EQ(cache().entries(), 4U);
    EXPECT_FALSE(cache().begin_fetch(number(4), Need::Client, now_).has_value());
    cache().fail_fetch(number(0), now_);
    EXPECT_TRUE(cache().begin_fetch(number(4), Need::Client, now_).has_value());
}

TEST_F(BlockCacheTest, AWriteLeavesTheBytesThatAReaderHolds) {
    fetch(1);
    SlotIndex held;
    {
        const BlockTable::Pin pin = cache().table().try_pin(number(1));
        held = pin.slot();
        const WritePlan plan = write(1, {0, 8});
        EXPECT_NE(plan.slot, held);
        EXPECT_EQ(plan.copy_from, held);
        EXPECT_EQ(cache().table().use_of(held), SlotUse::Private);
    }
    for (uint32_t n = 2; n < 8; ++n) fetch(n);  // the slot that was let go is used again
    EXPECT_NE(cache().table().use_of(held), SlotUse::Private);
}

TEST_F(BlockCacheTest, AWriteOfAHeldBlockWaitsIfThereIsNoOtherSlotAndTheBlockStays) {
    fetch(1);
    for (uint32_t n = 2; n < 5; ++n) write(n);
    const BlockTable::Pin pin = cache().table().try_pin(number(1));
    EXPECT_EQ(write(1).kind, Plan::WaitSpace);
    EXPECT_EQ(state(1), BlockState::Clean);
    EXPECT_EQ(look_up(1), Found::Kind::Hit);
}

// ---- age

TEST_F(BlockCacheTest, ABlockInTheHandsOfAReaderDoesNotExpireNorDoYoungerOnes) {
    settings_.timeout = seconds(10);
    fetch(1);
    now_ += seconds(9);
    fetch(2);
    const BlockTable::Pin pin = cache().table().try_pin(number(1));
    now_ += seconds(1);
    EXPECT_EQ(cache().drop_expired(now_), 0U);
    EXPECT_EQ(state(2), BlockState::Clean);
    EXPECT_GE(cache().next_expiry(), now_ + seconds(9));
    EXPECT_LE(cache().next_expiry(), now_ + seconds(9) + SlotMarks::kTick);
}

TEST_F(BlockCacheTest, ALoneBlockThatCouldNotBeEvictedExpiresInTime) {
    settings_.timeout = seconds(10);
    settings_.size = 1;
    fetch(1);
    {
        const BlockTable::Pin pin = cache().table().try_pin(number(1));
        EXPECT_FALSE(fetch(2));
    }
    EXPECT_EQ(cache().next_expiry(), now_ + seconds(10));
    EXPECT_EQ(cache().drop_expired(now_ + seconds(10)), 1U);
}

// ---- due times

TEST_F(BlockCacheTest, TheFullerTheCacheOfDirtyBlocksTheEarlierTheyAreDue) {
    settings_.size = 100;
    settings_.write_delay = seconds(1);
    for (uint32_t n = 0; n < 9; ++n) write(n);
    EXPECT_EQ(std::chrono::round<milliseconds>(cache().next_due(now_)), now_ + milliseconds(900));
    for (uint32_t n = 9; n < 45; ++n) write(n);
    EXPECT_EQ(cache().next_due(now_), now_ + milliseconds(500));
    EXPECT_EQ(cache().pop_due(now_ + milliseconds(499)), std::nullopt);
    EXPECT_EQ(cache().pop_due(now_ + milliseconds(500)), number(0));
    for (uint32_t n = 45; n < 90; ++n) write(n);
    EXPECT_EQ(cache().next_due(now_), now_);
}

TEST_F(BlockCacheTest, AtTheLimitOfDirtyBlocksAllAreDue) {
    settings_.size = 100;
    settings_.max_dirty = 10;
    settings_.write_delay = seconds(1);
    for (uint32_t n = 0; n < 5; ++n) write(n);
    EXPECT_EQ(cache().next_due(now_), now_ + milliseconds(500));
    for (uint32_t n = 5; n < 10; ++n) write(n);
    EXPECT_EQ(cache().next_due(now_), now_);
}

TEST_F(BlockCacheTest, ARewrittenBlockWaitsItsDelayAnewUnlessThereIsPressure) {
    settings_.size = 1000;
    settings_.write_delay = seconds(100);
    write(1);
    cache().begin_put(number(1));
    write(1);
    now_ += seconds(1);
    cache().finish_put(number(1), now_);
    EXPECT_EQ(cache().pop_due(now_), std::nullopt);
    EXPECT_GT(cache().next_due(now_), now_ + seconds(99));
    cache().set_pressure(true);
    EXPECT_EQ(cache().pop_due(now_), number(1));
}

TEST_F(BlockCacheTest, AFailedBlockKeepsItsPauseUnderPressureButNotInAFlush) {
    write(1);
    cache().begin_put(number(1));
    cache().fail_put(number(1), now_, now_ + seconds(5));
    cache().set_pressure(true);
    EXPECT_EQ(cache().pop_due(now_), std::nullopt);
    EXPECT_EQ(cache().hurry_all(), std::vector<BlockNumber>{number(1)});
    EXPECT_EQ(cache().pop_due(now_), number(1));
}

TEST_F(BlockCacheTest, ABlockThatCouldNotBeCompletedIsTriedAgain) {
    write(1, {0, 8});
    cache().set_pressure(true);
    ASSERT_EQ(cache().pop_due(now_), number(1));
    cache().begin_fetch(number(1), Need::Upload, now_);
    cache().fail_fetch(number(1), now_);
    cache().fail_put(number(1), now_, now_ + seconds(1));
    EXPECT_EQ(state(1), BlockState::Partial);
    EXPECT_EQ(cache().failures(number(1)), 1U);
    EXPECT_EQ(cache().pop_due(now_ + seconds(1)), number(1));
}

TEST_F(BlockCacheTest, AFlushIsToldOfEveryDirtyBlockInAnyState) {
    write(1);
    write(2, {0, 8});
    write(3, all(), true);
    fetch(4);
    cache().begin_put(number(1));
    EXPECT_EQ(cache().hurry_all().size(), 2U);  // without the zeros, which deleted() tells
    EXPECT_TRUE(cache().pop_due(now_).has_value());
    EXPECT_EQ(cache().pop_due(now_), std::nullopt);  // the first is under way already
}

TEST_F(BlockCacheTest, AfterAFailedUploadAllWritesAreUnstored) {
    write(1);
    const uint64_t first = cache().version();
    cache().begin_put(number(1));
    write(1);
    cache().fail_put(number(1), now_, now_);
    EXPECT_TRUE(cache().unstored(number(1), first));
    EXPECT_FALSE(cache().unstored(number(1), first - 1));
    upload(1);
    EXPECT_FALSE(cache().unstored(number(1), cache().version()));
    EXPECT_EQ(cache().failures(number(1)), 0U);
}

// ---- since when something is not stored

TEST_F(BlockCacheTest, TheOldestWriteThatIsNotStoredIsKnown) {
    EXPECT_EQ(cache().dirty_since(), kNever);
    const Instant first = now_;
    write(1);
    now_ += seconds(1);
    const Instant second = now_;
    write(2);
    now_ += seconds(1);
    write(1);  // it is older already
    EXPECT_EQ(cache().dirty_since(), first);
    upload(1);
    EXPECT_EQ(cache().dirty_since(), second);
    upload(2);
    EXPECT_EQ(cache().dirty_since(), kNever);
}

TEST_F(BlockCacheTest, ABlockIsAsOldAsTheFirstWriteThatItsUploadDoesNotHave) {
    write(1);
    cache().begin_put(number(1));
    now_ += seconds(1);
    const Instant rewritten = now_;
    write(1);
    now_ += seconds(1);
    write(1);
    cache().finish_put(number(1), now_);
    EXPECT_EQ(cache().dirty_since(), rewritten);
}

TEST_F(BlockCacheTest, AFailedUploadMakesNoBlockYounger) {
    const Instant first = now_;
    write(1);
    cache().begin_put(number(1));
    now_ += seconds(1);
    write(1);
    cache().fail_put(number(1), now_, now_ + seconds(1));
    EXPECT_EQ(cache().dirty_since(), first);
}

TEST_F(BlockCacheTest, RewritingForEverKeepsNoMoreThanTheBlocksThereAre) {
    const Instant stuck = now_;
    write(1);
    for (int i = 0; i < 10'000; ++i) {
        now_ += milliseconds(1);
        write(2);
        upload(2);
    }
    EXPECT_EQ(cache().dirty_since(), stuck);
}

}  // namespace
}  // namespace s3b::cache
