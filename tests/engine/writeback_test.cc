// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

using WritebackTest = VolumeTest;

TEST_F(WritebackTest, ABlockIsWrittenBackAfterItsDelay) {
    cache().write_delay = milliseconds(250);
    world().write(0, block(0));
    world().loop.run_for(milliseconds(200));
    EXPECT_EQ(bucket().put_count(key(0)), 0);
    world().loop.run_for(milliseconds(60));
    EXPECT_EQ(*stored(0), block(0));
}

TEST_F(WritebackTest, NamesOfBlocksBeginWithTheirHashOnRequest) {
    settings().block_hash_prefix = true;
    world().write(kBlock, block(0));
    world().loop.run_for(seconds(1));
    EXPECT_NE(bucket().find("d211cad9-00000001"), nullptr);
    EXPECT_EQ(stored(1), nullptr);
}

TEST_F(WritebackTest, RewritesWithinTheDelayCostOnePut) {
    for (uint32_t i = 0; i < 10; ++i) world().write(0, block(i));
    world().loop.run_for(seconds(1));
    EXPECT_EQ(bucket().put_count(key(0)), 1);
    EXPECT_EQ(*stored(0), block(9));
}

TEST_F(WritebackTest, AnIdleVolumeSetsNoTimer) {
    world().write(0, block(0));
    world().loop.run_for(seconds(10));
    EXPECT_EQ(world().loop.scheduler().next_due(), kNever);
}

TEST_F(WritebackTest, AtMostSoManyUploadsAsThereAreThreads) {
    cache().threads = 3;
    cache().write_delay = Duration::zero();
    bucket().hold(Verb::Put, "");
    for (uint32_t n = 0; n < 10; ++n) world().start_write(n * kBlock, block(n));
    world().loop.run_for(seconds(1));
    EXPECT_EQ(bucket().held(), 3);
    bucket().release(Verb::Put, "");
    world().flush();
    EXPECT_EQ(bucket().peak_puts(), 3);
}

TEST_F(WritebackTest, PressureBringsUploadsForward) {
    cache().write_delay = seconds(100);
    cache().threads = 1;
    for (uint32_t n = 0; n < 15; ++n) world().write(n * kBlock, block(n));
    world().loop.run_for(seconds(1));
    EXPECT_GT(bucket().total(Verb::Put), 0);
    EXPECT_LT(bucket().total(Verb::Put), 15);
}

TEST_F(WritebackTest, FlushEndsOnlyWhenAllIsStored) {
    bucket().hold(Verb::Put, key(1));
    world().write(0, block(0));
    world().write(kBlock, block(1));
    SimRequest& flush = world().start_flush();
    world().loop.run_for(seconds(1));
    EXPECT_FALSE(flush.done);
    bucket().release(Verb::Put, key(1));
    EXPECT_TRUE(world().finish(flush).ok());
    EXPECT_EQ(*stored(1), block(1));
    EXPECT_EQ(bucket().flush_count(), 1);
}

TEST_F(WritebackTest, FlushCountsUploadsThatAreUnderWayAlready) {
    cache().write_delay = Duration::zero();
    bucket().hold(Verb::Put, key(0));
    world().write(0, block(0));
    world().loop.run_for(seconds(1));
    SimRequest& flush = world().start_flush();
    world().loop.run_for(seconds(1));
    EXPECT_FALSE(flush.done);
    bucket().release(Verb::Put, key(0));
    world().finish(flush);
}

TEST_F(WritebackTest, FlushDoesNotWaitForLaterWrites) {
    cache().write_delay = seconds(100);
    world().write(0, block(0));
    bucket().hold(Verb::Put, key(0));
    SimRequest& flush = world().start_flush();
    idle();
    world().write(0, block(1));
    world().write(kBlock, block(2));
    bucket().release(Verb::Put, key(0));
    world().loop.run_for(seconds(1));
    EXPECT_TRUE(flush.ok());
    EXPECT_EQ(stored(1), nullptr);
}

TEST_F(WritebackTest, FlushIncludesWhatWasRewrittenDuringAnUpload) {
    cache().write_delay = seconds(5);
    bucket().hold(Verb::Put, key(0));
    world().write(0, block(0));
    world().loop.run_for(seconds(6));
    world().write(0, block(1));
    SimRequest& flush = world().start_flush();
    bucket().release(Verb::Put, key(0));
    world().loop.run_for(seconds(1));
    EXPECT_TRUE(flush.ok());
    EXPECT_EQ(*stored(0), block(1));
}

TEST_F(WritebackTest, FlushReportsAFailureAndALaterOneSucceeds) {
    bucket().fail_next(Verb::Put, key(0), Errc::ServerError);
    world().write(0, block(0));
    SimRequest& flush = world().flush();
    ASSERT_TRUE(flush.failed());
    EXPECT_EQ(flush.outcome.error().sys_errno, EIO);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(*stored(0), block(0));
}

TEST_F(WritebackTest, AFailedUploadIsRetriedWithGrowingPauses) {
    cache().write_delay = Duration::zero();
    bucket().fail_next(Verb::Put, key(0), Errc::ServerError, 4);
    world().write(0, block(0));
    world().loop.run_for(Writeback::kFirstPause * (1 + 2 + 4) + milliseconds(1));
    EXPECT_EQ(bucket().put_count(key(0)), 4);
    world().loop.run_for(Writeback::kFirstPause * 8);
    EXPECT_EQ(*stored(0), block(0));
}

TEST_F(WritebackTest, ALostReplyNeverLetsAnOldVersionWin) {
    cache().write_delay = Duration::zero();
    bucket().apply_late(Verb::Put, key(0), Writeback::kSettleTime - milliseconds(1));
    world().write(0, block(0));
    world().loop.run_for(milliseconds(10));
    world().write(0, block(1));
    world().loop.run_for(seconds(30));
    EXPECT_EQ(*stored(0), block(1));
}

TEST_F(WritebackTest, AFailingBlockDoesNotHoldUpTheOthers) {
    cache().threads = 1;
    bucket().fail_next(Verb::Put, key(0), Errc::ServerError, 100);
    for (uint32_t n = 0; n < 8; ++n) world().write(n * kBlock, block(n));
    world().loop.run_for(seconds(1));
    for (uint32_t n = 1; n < 8; ++n) EXPECT_NE(stored(n), nullptr) << n;
}

TEST_F(WritebackTest, DrainingStoresEverythingHoweverOftenItFails) {
    cache().write_delay = seconds(1000);
    bucket().fail_next(Verb::Put, "", Errc::Unreachable, 20);
    for (uint32_t n = 0; n < 10; ++n) world().write(n * kBlock, block(n));
    world().drain();
    for (uint32_t n = 0; n < 10; ++n) EXPECT_EQ(*stored(n), block(n)) << n;
    EXPECT_EQ(world().volume().dirty_blocks(), 0U);
}

TEST_F(WritebackTest, OnlyBlockZeroCarriesTheGeometry) {
    world().write(0, block(0));
    world().write(kBlock, block(1));
    world().flush();
    const net::ObjectMeta& first = bucket().find(key(0))->meta;
    EXPECT_EQ(first.block_size, ByteCount(kBlock));
    EXPECT_EQ(first.file_size, ByteCount(64 * kBlock));
    EXPECT_FALSE(bucket().find(key(1))->meta.block_size.has_value());
}

TEST_F(WritebackTest, TheNextBlocksAreEncodedBeforeTheirPlaceIsFree) {
    cache().threads = 1;
    cache().write_delay = Duration::zero();
    bucket().hold(Verb::Put, key(0));
    for (uint32_t n = 0; n < 8; ++n) world().write(n * kBlock, block(n));
    idle();
    EXPECT_EQ(bucket().peak_puts(), 1);
    // Those that are encoded already are sent as they were.
    for (uint32_t n = 1; n < 8; ++n) world().write(n * kBlock, block(n + 100));
    bucket().release(Verb::Put, key(0));
    world().flush();
    EXPECT_EQ(bucket().peak_puts(), 1);
    size_t encoded_ahead = 0;
    for (uint32_t n = 1; n < 8; ++n) {
        EXPECT_EQ(*stored(n), block(n + 100));
        if (bucket().put_count(key(n)) == 2) ++encoded_ahead;
    }
    EXPECT_GE(encoded_ahead, 1U);
    EXPECT_LE(encoded_ahead, Writeback::kEncodedAhead);
}

}  // namespace
}  // namespace s3b
