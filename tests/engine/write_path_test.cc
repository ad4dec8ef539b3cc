// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

using WritePathTest = VolumeTest;

TEST_F(WritePathTest, AWriteIsReadBackBeforeItIsStored) {
    SimRequest& write = world().start_write(kBlock, block(1));
    idle();
    EXPECT_TRUE(write.ok());
    EXPECT_EQ(world().read(kBlock, kBlock).bytes, block(1));
    EXPECT_EQ(bucket().total(Verb::Get) + bucket().total(Verb::Put), 0);
}

TEST_F(WritePathTest, AWholeBlockIsWrittenWithoutAGet) {
    bucket().set(key(1), block(1));
    world().write(kBlock, block(2));
    world().flush();
    EXPECT_EQ(bucket().get_count(key(1)), 0);
    EXPECT_EQ(*stored(1), block(2));
}

TEST_F(WritePathTest, APartialWriteFetchesTheRestOnlyForItsUpload) {
    bucket().set(key(1), block(1));
    world().write(kBlock + 100, bytes(50, 9));
    EXPECT_EQ(bucket().get_count(key(1)), 0);
    world().flush();
    std::vector<std::byte> expected = block(1);
    std::ranges::fill(std::span(expected).subspan(100, 50), std::byte{9});
    EXPECT_EQ(*stored(1), expected);
    EXPECT_EQ(bucket().get_count(key(1)), 1);
}

TEST_F(WritePathTest, APieceThatWasWrittenIsReadWithoutAGet) {
    world().write(kBlock + 100, bytes(50, 9));
    EXPECT_EQ(world().read(kBlock + 110, 20).bytes, bytes(20, 9));
    EXPECT_EQ(bucket().get_count(key(1)), 0);
}

TEST_F(WritePathTest, PiecesThatCoverABlockFetchNothing) {
    bucket().set(key(1), block(1));
    world().write(kBlock, bytes(kBlock / 2, 1));
    world().write(kBlock + kBlock / 2, bytes(kBlock / 2, 2));
    world().flush();
    EXPECT_EQ(bucket().get_count(key(1)), 0);
    EXPECT_EQ(stored(1)->back(), std::byte{2});
}

TEST_F(WritePathTest, AWriteDuringADownloadIsMergedIntoIt) {
    bucket().set(key(1), block(1));
    bucket().hold(Verb::Get, key(1));
    SimRequest& read = world().start_read(kBlock, kBlock);
    idle();
    SimRequest& write = world().start_write(kBlock, bytes(10, 7));
    idle();
    EXPECT_TRUE(write.ok());
    bucket().release(Verb::Get, key(1));
    world().finish(read);
    std::vector<std::byte> expected = block(1);
    std::ranges::fill(std::span(expected).first(10), std::byte{7});
    EXPECT_EQ(read.bytes, expected);
}

TEST_F(WritePathTest, AWriteDuringAnUploadDoesNotChangeWhatIsSent) {
    world().write(kBlock, block(1));
    bucket().hold(Verb::Put, key(1));
    SimRequest& flush = world().start_flush();
    idle();
    ASSERT_EQ(bucket().held(), 1);
    world().write(kBlock, bytes(10, 7));  // the bucket checks the digest of what arrives
    bucket().release(Verb::Put, key(1));
    EXPECT_TRUE(world().finish(flush).ok());
    EXPECT_EQ(*stored(1), block(1));
    world().flush();
    EXPECT_EQ(stored(1)->front(), std::byte{7});
}

TEST_F(WritePathTest, BlocksOfZerosAreDeletedNotStored) {
    bucket().set(key(1), block(1));
    world().write(kBlock, zeros(kBlock));
    world().flush();
    EXPECT_EQ(stored(1), nullptr);
    EXPECT_EQ(bucket().put_count(key(1)), 0);
    EXPECT_EQ(bucket().remove_count(key(1)), 1);
}

TEST_F(WritePathTest, ABlockPatchedToZerosIsDeletedToo) {
    bucket().set(key(1), bytes(kBlock, 5));
    world().read(kBlock, kBlock);
    world().write(kBlock, zeros(kBlock / 2));
    world().write(kBlock + kBlock / 2, zeros(kBlock / 2));
    world().flush();
    EXPECT_EQ(stored(1), nullptr);
}

TEST_F(WritePathTest, ZerosOverAKnownAbsentBlockCostNothing) {
    world().read(0, kBlock);
    world().write(0, zeros(kBlock));
    world().write(100, zeros(7));
    world().flush();
    EXPECT_EQ(bucket().total(Verb::Remove) + bucket().total(Verb::Put), 0);
}

TEST_F(WritePathTest, ZeroingARangeClearsPartsAndDeletesWholeBlocks) {
    for (uint32_t n = 0; n < 4; ++n) bucket().set(key(n), bytes(kBlock, 5));
    SimRequest& zero = world().start_zero(100, 3 * kBlock);
    world().finish(zero);
    world().flush();
    EXPECT_EQ(std::ranges::count(*stored(0), std::byte{5}), 100);
    EXPECT_EQ(stored(1), nullptr);
    EXPECT_EQ(stored(2), nullptr);
    EXPECT_EQ(std::ranges::count(*stored(3), std::byte{0}), 100);
}

TEST_F(WritePathTest, AFullCacheOfDirtyBlocksMakesWritersWaitAndGoOn) {
    cache().write_delay = seconds(100);
    bucket().hold(Verb::Put, "");
    std::vector<SimRequest*> writes;
    for (uint32_t n = 0; n < 40; ++n) writes.push_back(&world().start_write(n * kBlock, block(n)));
    idle();
    EXPECT_FALSE(writes.back()->done);
    bucket().release(Verb::Put, "");
    for (SimRequest* write : writes) EXPECT_TRUE(world().finish(*write).ok());
    world().flush();
    for (uint32_t n = 0; n < 40; ++n) EXPECT_EQ(*stored(n), block(n)) << n;
}

TEST_F(WritePathTest, MaxDirtyHoldsBackNewBlocksButNotRewrites) {
    cache().max_dirty = 2;
    bucket().hold(Verb::Put, "");
    world().write(0, block(0));
    world().write(kBlock, block(1));
    SimRequest& third = world().start_write(2 * kBlock, block(2));
    SimRequest& rewrite = world().start_write(0, block(9));
    idle();
    EXPECT_FALSE(third.done);
    EXPECT_TRUE(rewrite.done);
    bucket().release(Verb::Put, "");
    EXPECT_TRUE(world().finish(third).ok());
}

TEST_F(WritePathTest, ReadsDoNotWaitBehindWritersThatMayNotDirtyMore) {
    cache().max_dirty = 1;
    bucket().set(key(9), block(9));
    bucket().hold(Verb::Put, "");
    world().write(0, block(0));
    SimRequest& writer = world().start_write(kBlock, block(1));
    EXPECT_EQ(world().read(9 * kBlock, kBlock).bytes, block(9));
    EXPECT_FALSE(writer.done);
    bucket().release(Verb::Put, "");
}

TEST_F(WritePathTest, ASyncWriteEndsWhenItIsStored) {
    cache().sync = true;
    cache().write_delay = Duration::zero();
    bucket().hold(Verb::Put, "");
    SimRequest& write = world().start_write(0, block(0));
    world().loop.run_for(seconds(5));
    EXPECT_FALSE(write.done);
    bucket().release(Verb::Put, "");
    EXPECT_TRUE(world().finish(write).ok());
    EXPECT_EQ(*stored(0), block(0));
}

TEST_F(WritePathTest, ASyncWriteReportsThatItCouldNotBeStored) {
    cache().sync = true;
    cache().write_delay = Duration::zero();
    bucket().fail_next(Verb::Put, "", Errc::Forbidden);
    EXPECT_TRUE(world().write(0, block(0)).failed());
}

TEST_F(WritePathTest, WithoutACacheAWriteIsStoredBeforeItEnds) {
    cache().size = 0;
    bucket().set(key(0), block(3));
    world().write(10, bytes(5, 1));
    std::vector<std::byte> expected = block(3);
    std::ranges::fill(std::span(expected).subspan(10, 5), std::byte{1});
    EXPECT_EQ(*stored(0), expected);
}

TEST_F(WritePathTest, ManyTinyPiecesOfABlockAreAllKept) {
    bucket().set(key(0), block(0));
    std::vector<std::byte> expected = block(0);
    for (size_t offset = 0; offset < kBlock; offset += 8) {
        world().write(offset, bytes(1, 200));
        expected[offset] = std::byte{200};
    }
    EXPECT_EQ(world().read(0, kBlock).bytes, expected);
}

}  // namespace
}  // namespace s3b
