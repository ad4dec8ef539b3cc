// SPDX-License-Identifier: Apache-2.0
// A volume on a store that shows old versions, or none, for a while after a change; and what fsync
// does. "Defect" names a row of cache-and-consistency.md 8.1.
#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class ConsistencyTest : public VolumeTest {
protected:
    /// Without a cache, so that every read asks the store.
    ConsistencyTest() {
        cache().size = 0;
        consistency().on = true;
        consistency().keep = seconds(10);
    }
    ConsistencySettings& consistency() { return settings().consistency; }
    /// Writes go to a cache, and are due at once.
    void cache_blocks(uint32_t size) {
        cache().size = size;
        cache().write_delay = Duration::zero();
    }
    /// The store shows what was there before for as long as it may.
    void show_the_oldest() {
        bucket().show_old_versions(seconds(10), [](uint32_t) { return 0U; });
    }
    int puts(uint32_t n) { return bucket().put_count(key(n)); }
};

TEST_F(ConsistencyTest, AReadAfterAWriteSeesThatVersionHoweverLongTheStoreShowsTheOneBefore) {
    bucket().set(key(0), block(1));
    int looks = 0;
    bucket().show_old_versions(seconds(10),
                               [&looks](uint32_t n) { return ++looks < 5 ? 0 : n - 1; });
    world().write(0, block(2));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(2));
    EXPECT_EQ(looks, 5);
}

TEST_F(ConsistencyTest, WithoutTheProtectionSuchAReadSeesTheVersionBefore) {
    consistency() = ConsistencySettings();
    bucket().set(key(0), block(1));
    show_the_oldest();
    world().write(0, block(2));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(1));
}

TEST_F(ConsistencyTest, OtherDataIsAnErrorUntilTheVersionIsForgotten) {
    world().write(0, block(1));
    bucket().set(key(0), block(7));
    const SimRequest& early = world().read(0, kBlock);
    ASSERT_TRUE(early.failed());
    EXPECT_EQ(early.outcome.error().code, Errc::BadReply);
    world().loop.run_for(seconds(10));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(7));
}

TEST_F(ConsistencyTest, Defect2AMissingObjectIsAnErrorNotZerosAndAZeroWriteStillDeletesIt) {
    world().write(0, block(1));
    const net::FakeBucket::Object object = *bucket().find(key(0));
    bucket().erase(key(0));
    EXPECT_TRUE(world().read(0, kBlock).failed());
    bucket().set(key(0), object.body);
    EXPECT_EQ(world().read(0, kBlock).bytes, block(1));
    world().finish(world().start_zero(0, kBlock));
    EXPECT_EQ(stored(0), nullptr);
    EXPECT_EQ(bucket().remove_count(key(0)), 1);
}

TEST_F(ConsistencyTest, ADeletedBlockIsZerosWithoutARequest) {
    bucket().set(key(0), block(1));
    show_the_oldest();
    world().finish(world().start_zero(0, kBlock));
    EXPECT_EQ(world().read(0, kBlock).bytes, zeros(kBlock));
    EXPECT_EQ(bucket().get_count(key(0)), 0);
}

TEST_F(ConsistencyTest, AReaderThatWaitedForRoomWhileItsBlockWasDeletedReadsZeros) {
    cache_blocks(1);
    cache().threads = 1;
    bucket().set(key(1), block(1));
    show_the_oldest();
    for (const uint32_t n : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U}) bucket().set(key(n), block(n));
    bucket().hold(Verb::Get, "");
    for (const uint64_t n : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U})
        world().start_read(n * kBlock, kBlock);
    SimRequest& read = world().start_read(kBlock, kBlock);
    idle();
    ASSERT_EQ(bucket().get_count(key(1)), 0);  // no room
    world().finish(world().start_zero(kBlock, kBlock));
    world().flush();
    bucket().release(Verb::Get, "");
    EXPECT_EQ(world().finish(read).bytes, zeros(kBlock));
    EXPECT_EQ(bucket().get_count(key(1)), 0);
}

TEST_F(ConsistencyTest, APartOfABlockIsCompletedFromTheVersionThatWasWritten) {
    bucket().set(key(0), block(1));
    int looks = 0;
    bucket().show_old_versions(seconds(10),
                               [&looks](uint32_t n) { return ++looks < 5 ? 0 : n - 1; });
    std::vector<std::byte> expected = block(2);
    world().write(0, expected);
    world().write(10, bytes(20, 9));
    std::ranges::fill(std::span(expected).subspan(10, 20), std::byte{9});
    EXPECT_EQ(*stored(0), expected);
}

TEST_F(ConsistencyTest, TheETagOfTheStoreCountsWhateverItIs) {
    bucket().invent_etags(true);
    world().write(0, block(1));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(1));
    bucket().set(key(0), block(1));  // the same bytes, but another version
    EXPECT_TRUE(world().read(0, kBlock).failed());
}

TEST_F(ConsistencyTest, WithoutETagsReadsAreNotCheckedWhichIsLoggedOnce) {
    bucket().omit_etags(true);
    testing::internal::CaptureStderr();
    world().write(0, block(1));
    world().write(kBlock, block(1));
    const std::string log = testing::internal::GetCapturedStderr();
    bucket().set(key(0), block(7));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(7));
    EXPECT_EQ(std::ranges::count(log, '\n'), 1);
    EXPECT_NE(log.find("no ETag"), std::string::npos);
}

TEST_F(ConsistencyTest, ASurveyDoesNotTakeForZerosWhatTheListDoesNotShowYet) {
    show_the_oldest();
    world().write(0, block(1));
    world().start_survey(1);
    world().loop.run_for(seconds(10));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(1));
}

TEST_F(ConsistencyTest, ASecondUploadBeginsWhenTheDelayAfterTheEndOfTheFirstIsOver) {
    cache_blocks(16);
    consistency().min_write_delay = milliseconds(500);
    bucket().set_delay(milliseconds(100));
    world().write(0, block(1));
    world().loop.run_for(milliseconds(150));  // stored at 100
    world().write(0, block(2));
    world().loop.run_for(milliseconds(300));
    world().write(0, block(3));  // takes part in the same upload
    world().loop.run_for(milliseconds(149));
    EXPECT_EQ(puts(0), 1);
    world().loop.run_for(milliseconds(1));
    EXPECT_EQ(puts(0), 2);
    world().flush();
    EXPECT_EQ(*stored(0), block(3));
    EXPECT_EQ(puts(0), 2);
    EXPECT_EQ(bucket().closest_changes(), milliseconds(500));
}

TEST_F(ConsistencyTest, AHeldBlockTakesNoPlaceFromOthers) {
    cache_blocks(16);
    cache().threads = 1;
    consistency().min_write_delay = seconds(5);
    world().write(0, block(1));
    world().flush();
    world().write(0, block(2));
    world().loop.run_for(milliseconds(10));
    for (uint32_t n = 1; n < 6; ++n) world().write(n * kBlock, block(n));
    world().loop.run_for(milliseconds(100));
    EXPECT_EQ(puts(0), 1);
    for (uint32_t n = 1; n < 6; ++n) EXPECT_EQ(puts(n), 1);
}

TEST_F(ConsistencyTest, TheDelayCountsFromAFailedUploadToo) {
    cache_blocks(16);
    consistency().min_write_delay = seconds(3);  // more than the pause before a retry
    bucket().fail_next(Verb::Put, key(0), Errc::ServerError);
    world().write(0, block(1));
    world().loop.run_for(milliseconds(2900));
    EXPECT_EQ(puts(0), 1);
    world().loop.run_for(milliseconds(200));
    EXPECT_EQ(*stored(0), block(1));
}

TEST_F(ConsistencyTest, WithAFullTableUploadsWaitAndClientsOnlyOnceTheCacheIsFull) {
    cache_blocks(8);
    consistency().capacity = BlockCount(4);
    for (uint32_t n = 0; n < 12; ++n) {
        world().write(n * kBlock, block(n));
        idle();
    }
    world().loop.run_for(seconds(9));
    EXPECT_EQ(bucket().total(Verb::Put), 4);
    SimRequest& one_too_many = world().start_write(12 * kBlock, block(12));
    idle();
    EXPECT_FALSE(one_too_many.done);
    world().loop.run_for(seconds(1));
    EXPECT_TRUE(one_too_many.ok());
    EXPECT_EQ(bucket().total(Verb::Put), 8);
    world().loop.run_for(seconds(10));
    EXPECT_EQ(bucket().total(Verb::Put), 12);
}

TEST_F(ConsistencyTest, UnmountingWritesBackWhatIsHeld) {
    cache_blocks(16);
    consistency().min_write_delay = seconds(5);
    consistency().capacity = BlockCount(1);
    for (const uint32_t version : {1U, 2U}) {
        world().write(0, block(version));
        world().write(kBlock, block(version));
        idle();
    }
    world().drain();
    EXPECT_EQ(*stored(0), block(2));
    EXPECT_EQ(*stored(1), block(2));
}

TEST_F(ConsistencyTest, AnIdleVolumeSetsNoTimer) {
    consistency().min_write_delay = seconds(5);
    consistency().capacity = BlockCount(1);
    world().write(0, block(1));
    world().loop.run_for(milliseconds(1));
    EXPECT_EQ(world().loop.scheduler().next_due(), kNever);
}

TEST_F(ConsistencyTest, FsyncWaitsForHeldBlocks) {
    cache_blocks(16);
    consistency().min_write_delay = seconds(5);
    world().write(0, block(1));
    world().flush();
    world().write(0, block(2));
    idle();
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(*stored(0), block(2));
}

using FsyncPolicyTest = VolumeTest;

TEST_F(FsyncPolicyTest, NoneReturnsAtOnceAndUnmountingStillWritesBack) {
    settings().fsync = FsyncPolicy::None;
    cache().write_delay = seconds(100);
    world().write(0, block(1));
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(bucket().put_count(key(0)), 0);
    EXPECT_EQ(bucket().flush_count(), 0);
    world().drain();
    EXPECT_EQ(*stored(0), block(1));
}

}  // namespace
}  // namespace s3b
