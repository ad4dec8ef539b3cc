// SPDX-License-Identifier: Apache-2.0
// The table of written blocks by itself.
#include "engine/written_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace s3b {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Instant at(int64_t ms) { return Instant(milliseconds(ms)); }

Md5 etag(int n) {
    Md5 result;
    result.bytes[15] = std::byte(n);
    return result;
}

ConsistencySettings settings(Duration keep, Duration delay, uint64_t capacity = 0) {
    ConsistencySettings result;
    result.on = true;
    result.keep = keep;
    result.min_write_delay = delay;
    result.capacity = BlockCount(capacity);
    return result;
}

void put(WrittenBlocks& table, BlockNumber block, int version, Instant end) {
    table.begin(block);
    table.end_put(block, etag(version), end);
}

constexpr BlockNumber kA(1);
constexpr BlockNumber kB(2);
constexpr BlockNumber kLast(~uint32_t{0});

TEST(WrittenBlocksTest, TheLastVersionIsExpectedUntilItsTimeIsOver) {
    WrittenBlocks table(settings(seconds(10), milliseconds(500)));
    EXPECT_EQ(table.expected(kA, at(0)), std::nullopt);
    put(table, kA, 1, at(0));
    put(table, kA, 2, at(4000));
    EXPECT_EQ(table.expected(kA, at(13'999)), etag(2));
    EXPECT_EQ(table.expected(kB, at(13'999)), std::nullopt);
    EXPECT_EQ(table.expected(kA, at(14'000)), std::nullopt);
    EXPECT_EQ(table.size(), 0U);
}

TEST(WrittenBlocksTest, WithoutATimeNothingIsForgotten) {
    WrittenBlocks table(settings(Duration::zero(), Duration::zero()));
    put(table, kLast, 3, at(0));
    EXPECT_EQ(table.expected(kLast, at(int64_t{1} << 40)), etag(3));
}

TEST(WrittenBlocksTest, ADeletionIsRememberedAsZeros) {
    WrittenBlocks table(settings(seconds(10), Duration::zero()));
    put(table, kA, 1, at(0));
    table.begin(kA);
    EXPECT_FALSE(table.deleted(kA, at(1)));
    table.end_remove(kA, at(2));
    EXPECT_TRUE(table.deleted(kA, at(10'001)));
    EXPECT_EQ(table.expected(kA, at(3)), std::nullopt);
    EXPECT_FALSE(table.deleted(kA, at(10'002)));
}

TEST(WrittenBlocksTest, AFailureLeavesNothingToExpectButTheTime) {
    WrittenBlocks table(settings(seconds(10), milliseconds(500)));
    put(table, kA, 1, at(0));
    table.begin(kA);
    table.end_failed(kA, at(600));
    EXPECT_EQ(table.expected(kA, at(601)), std::nullopt);
    EXPECT_EQ(table.may_write_at(kA), at(1100));
}

TEST(WrittenBlocksTest, WithoutAnETagOnlyTheTimeIsRemembered) {
    WrittenBlocks table(settings(seconds(10), milliseconds(500)));
    table.begin(kA);
    table.end_put(kA, std::nullopt, at(100));
    EXPECT_EQ(table.expected(kA, at(101)), std::nullopt);
    EXPECT_FALSE(table.deleted(kA, at(101)));
    EXPECT_EQ(table.may_write_at(kA), at(600));
}

TEST(WrittenBlocksTest, ABlockNobodyWroteMayBeWrittenAtAnyTime) {
    WrittenBlocks table(settings(seconds(10), milliseconds(500)));
    EXPECT_EQ(table.may_write_at(kA), Instant::min());
    put(table, kA, 1, at(0));
    EXPECT_EQ(table.may_write_at(kA), at(500));
}

TEST(WrittenBlocksTest, AFullTableHasRoomForTheBlocksInItOnly) {
    WrittenBlocks table(settings(seconds(10), Duration::zero(), 2));
    put(table, kA, 1, at(0));
    table.begin(kB);
    EXPECT_TRUE(table.has_room(kA, at(1)));
    EXPECT_FALSE(table.has_room(kLast, at(1)));
    EXPECT_EQ(table.next_room(), at(10'000));
    EXPECT_FALSE(table.has_room(kLast, at(9999)));
    EXPECT_TRUE(table.has_room(kLast, at(10'000)));
}

TEST(WrittenBlocksTest, AnUploadUnderWayKeepsItsPlaceAndUntilItsTimeItsVersion) {
    WrittenBlocks table(settings(seconds(10), Duration::zero(), 1));
    put(table, kA, 1, at(0));
    table.begin(kA);
    EXPECT_EQ(table.expected(kA, at(9999)), etag(1));
    EXPECT_EQ(table.expected(kA, at(10'000)), std::nullopt);
    EXPECT_FALSE(table.has_room(kB, at(20'000)));
    EXPECT_EQ(table.next_room(), kNever);
    table.end_put(kA, etag(2), at(20'000));
    EXPECT_EQ(table.next_room(), at(30'000));
}

TEST(WrittenBlocksTest, AnUploadThatWasNotSentChangesNothing) {
    WrittenBlocks table(settings(seconds(10), Duration::zero(), 1));
    put(table, kA, 1, at(0));
    table.begin(kA);
    table.cancel(kA);
    EXPECT_EQ(table.expected(kA, at(1)), etag(1));
    EXPECT_TRUE(table.has_room(kB, at(10'000)));
    table.begin(kB);
    table.cancel(kB);
    EXPECT_EQ(table.size(), 0U);
}

TEST(WrittenBlocksTest, SwitchedOffItRemembersNothing) {
    WrittenBlocks table{ConsistencySettings()};
    put(table, kA, 1, at(0));
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(table.expected(kA, at(0)), std::nullopt);
    EXPECT_EQ(table.may_write_at(kA), Instant::min());
}

TEST(WrittenBlocksTest, ReadsOfDeletedBlocksAndOfThoseUnderWayAreCounted) {
    WrittenBlocks table(settings(seconds(10), Duration::zero()));
    table.begin(kA);
    table.note_read(kA);
    table.end_put(kA, etag(1), at(0));
    table.note_read(kA);
    table.note_read(kB);
    table.begin(kB);
    table.end_remove(kB, at(0));
    table.note_read(kB);
    EXPECT_EQ(table.data_hits(), 2U);
    table.reset_counters();
    EXPECT_EQ(table.data_hits(), 0U);
}

TEST(WrittenBlocksTest, ObjectsAreThoseThatWereStored) {
    WrittenBlocks table(settings(seconds(10), Duration::zero()));
    put(table, kA, 1, at(0));
    table.begin(kB);
    table.end_remove(kB, at(0));
    table.begin(BlockNumber(3));
    table.end_failed(BlockNumber(3), at(0));
    table.begin(BlockNumber(4));
    table.begin(kLast);
    table.end_put(kLast, std::nullopt, at(0));
    std::vector<BlockNumber> blocks = table.with_object(at(1));
    std::ranges::sort(blocks);
    EXPECT_EQ(blocks, (std::vector<BlockNumber>{kA, kLast}));
}

TEST(WrittenBlocksTest, ACapacityOfAsManyBlocksAsThereCanBeIsLikeAnother) {
    WrittenBlocks table(settings(seconds(10), Duration::zero(), uint64_t{1} << 32));
    put(table, kLast, 1, at(0));
    put(table, BlockNumber(0), 2, at(0));
    EXPECT_TRUE(table.has_room(kA, at(0)));
    EXPECT_EQ(table.expected(kLast, at(1)), etag(1));
    EXPECT_EQ(table.expected(BlockNumber(0), at(1)), etag(2));
}

}  // namespace
}  // namespace s3b
