// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

using ReadPathTest = VolumeTest;

TEST_F(ReadPathTest, ReadersOfOneMissingBlockShareOneGet) {
    bucket().set(key(7), block(7));
    bucket().hold(Verb::Get, key(7));
    SimRequest& first = world().start_read(7 * kBlock, kBlock);
    SimRequest& second = world().start_read(7 * kBlock + 10, 100);
    idle();
    bucket().release(Verb::Get, key(7));
    world().finish(second);

    EXPECT_EQ(first.bytes, block(7));
    const std::vector<std::byte> expected = block(7);
    EXPECT_TRUE(std::ranges::equal(second.bytes, std::span(expected).subspan(10, 100)));
    EXPECT_EQ(bucket().get_count(key(7)), 1);
}

TEST_F(ReadPathTest, AllBlocksOfARequestAreFetchedAtOnce) {
    bucket().hold(Verb::Get, "");
    SimRequest& request = world().start_read(0, 12 * kBlock);
    idle();
    EXPECT_EQ(bucket().held(), 12);
    bucket().release(Verb::Get, "");
    EXPECT_TRUE(world().finish(request).ok());
}

TEST_F(ReadPathTest, ABlockThatWasReadIsReadFromTheCache) {
    bucket().set(key(3), block(3));
    world().read(3 * kBlock, kBlock);
    EXPECT_EQ(world().read(3 * kBlock, kBlock).bytes, block(3));
    EXPECT_EQ(bucket().get_count(key(3)), 1);
}

TEST_F(ReadPathTest, AMissingObjectReadsAsZerosAndIsAskedForOnce) {
    EXPECT_EQ(world().read(0, 2 * kBlock).bytes, zeros(2 * kBlock));
    EXPECT_EQ(world().read(kBlock, kBlock).bytes, zeros(kBlock));
    EXPECT_EQ(bucket().get_count(key(1)), 1);
}

TEST_F(ReadPathTest, EveryReaderOfAFailedDownloadGetsItsError) {
    bucket().fail_next(Verb::Get, key(2), Errc::Forbidden);
    bucket().hold(Verb::Get, key(2));
    SimRequest& first = world().start_read(2 * kBlock, kBlock);
    SimRequest& second = world().start_read(2 * kBlock, kBlock);
    idle();
    bucket().release(Verb::Get, key(2));
    world().finish(second);

    ASSERT_TRUE(first.failed() && second.failed());
    EXPECT_EQ(first.outcome.error().code, Errc::Forbidden);
    EXPECT_EQ(second.outcome.error().code, Errc::Forbidden);
    EXPECT_EQ(bucket().get_count(key(2)), 1);
    EXPECT_TRUE(world().read(2 * kBlock, kBlock).ok());
}

TEST_F(ReadPathTest, OneFailedBlockFailsTheWholeRead) {
    bucket().fail_next(Verb::Get, key(1), Errc::ServerError);
    EXPECT_TRUE(world().read(0, 3 * kBlock).failed());
}

TEST_F(ReadPathTest, AnObjectOfAnotherLengthIsRefused) {
    bucket().set(key(0), bytes(100, 1));
    SimRequest& request = world().read(0, kBlock);
    ASSERT_TRUE(request.failed());
    EXPECT_EQ(request.outcome.error().code, Errc::BadReply);
}

TEST_F(ReadPathTest, AnEncodedObjectIsRefused) {
    net::ObjectMeta meta;
    meta.content_encoding = "deflate";
    bucket().set(key(0), block(0), meta);
    EXPECT_TRUE(world().read(0, kBlock).failed());
}

TEST_F(ReadPathTest, MoreBlocksThanTheCacheHoldsAreReadInOneRequest) {
    for (uint32_t n = 0; n < 64; ++n) bucket().set(key(n), block(n));
    SimRequest& request = world().read(0, 64 * kBlock);
    ASSERT_TRUE(request.ok());
    for (uint32_t n = 0; n < 64; ++n) {
        const auto part = std::span(request.bytes).subspan(n * kBlock, kBlock);
        EXPECT_TRUE(std::ranges::equal(part, block(n))) << n;
    }
}

TEST_F(ReadPathTest, TheBlockUnusedForLongestIsEvicted) {
    for (uint32_t n = 0; n < 20; ++n) bucket().set(key(n), block(n));
    for (uint32_t n = 0; n < 16; ++n) world().read(n * kBlock, kBlock);
    world().read(0, kBlock);
    world().read(16 * kBlock, kBlock);
    world().read(0, kBlock);
    EXPECT_EQ(bucket().get_count(key(0)), 1);
    world().read(kBlock, kBlock);
    EXPECT_EQ(bucket().get_count(key(1)), 2);
}

TEST_F(ReadPathTest, WithoutACacheEveryReadAsksTheStore) {
    cache().size = 0;
    bucket().set(key(5), block(5));
    EXPECT_EQ(world().read(5 * kBlock, kBlock).bytes, block(5));
    EXPECT_EQ(world().read(5 * kBlock, kBlock).bytes, block(5));
    EXPECT_EQ(bucket().get_count(key(5)), 2);
}

TEST_F(ReadPathTest, CleanBlocksAreDroppedAfterTheTimeout) {
    cache().timeout = seconds(1);
    bucket().set(key(4), block(4));
    world().read(4 * kBlock, kBlock);
    world().loop.run_for(seconds(2));
    world().read(4 * kBlock, kBlock);
    EXPECT_EQ(bucket().get_count(key(4)), 2);
}

TEST_F(ReadPathTest, AReadInPlaceTellsWhereItsBlocksLieAndCountsAsReadsOfThem) {
    for (uint32_t n = 0; n < 3; ++n) world().write(n * kBlock, block(n));
    std::vector<iovec> pieces;
    ASSERT_TRUE(world().volume().read_in_place(ByteOffset(512), 2 * kBlock, pieces));
    ASSERT_EQ(pieces.size(), 3U);
    std::vector<std::byte> bytes;
    for (const iovec& piece : pieces) {
        const auto* begin = static_cast<const std::byte*>(piece.iov_base);
        bytes.insert(bytes.end(), begin, begin + piece.iov_len);
    }
    EXPECT_EQ(bytes, world().read(512, 2 * kBlock).bytes);
    EXPECT_NE(world().volume().stats_text().find("\nblock_cache_read_hits        6\n"),
              std::string::npos)
        << world().volume().stats_text();
}

TEST_F(ReadPathTest, AReadInPlaceOfWhatIsNotAllAtHandChangesNothing) {
    world().write(0, block(1));
    bucket().set(key(1), block(2));
    std::vector<iovec> pieces;
    EXPECT_FALSE(world().volume().read_in_place(ByteOffset(0), 2 * kBlock, pieces));
    EXPECT_TRUE(pieces.empty());
    EXPECT_NE(world().volume().stats_text().find("\nblock_cache_read_hits        0\n"),
              std::string::npos);
}

}  // namespace
}  // namespace s3b
