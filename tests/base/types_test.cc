// SPDX-License-Identifier: Apache-2.0
#include "engine/base/types.h"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>
#include <unordered_set>

namespace s3b {
namespace {

template <class A, class B>
concept CanAdd = requires(A a, B b) { a + b; };
template <class A, class B>
concept CanSubtract = requires(A a, B b) { a - b; };
template <class A, class B>
concept CanCompare = requires(A a, B b) { a < b; };

TEST(Types, ACountStartsAtZero) {
    EXPECT_EQ(ByteCount().value, 0U);
    EXPECT_EQ(BlockNumber().value, 0U);
}

TEST(Types, CountsAddSubtractAndCompare) {
    EXPECT_EQ(ByteCount(5) + ByteCount(7), ByteCount(12));
    EXPECT_EQ(ByteCount(12) - ByteCount(7), ByteCount(5));
    EXPECT_LT(BlockCount(1), BlockCount(2));
    EXPECT_NE(BlockCount(1), BlockCount(2));
}

TEST(Types, AnIndexAndACountGiveAnIndexAndTwoIndexesACount) {
    EXPECT_EQ(ByteOffset(10) + ByteCount(5), ByteOffset(15));
    EXPECT_EQ(ByteOffset(15) - ByteOffset(10), ByteCount(5));
    static_assert(std::is_same_v<decltype(BlockNumber() + BlockCount()), BlockNumber>);
    static_assert(std::is_same_v<decltype(BlockNumber() - BlockNumber()), BlockCount>);
}

TEST(Types, DifferentUnitsDoNotMix) {
    static_assert(CanAdd<ByteOffset, ByteCount>);
    static_assert(!CanAdd<ByteOffset, BlockCount>);
    static_assert(!CanAdd<BlockNumber, ByteCount>);
    static_assert(!CanAdd<BlockNumber, BlockNumber>);
    static_assert(!CanAdd<SlotIndex, BlockCount>);
    static_assert(!CanSubtract<ByteOffset, BlockNumber>);
    static_assert(!CanCompare<BlockNumber, SlotIndex>);
    static_assert(!std::is_convertible_v<uint64_t, ByteCount>);
    static_assert(!std::is_convertible_v<uint32_t, BlockNumber>);
}

TEST(Types, BlockNumbersHave32BitsAndBlockCountsMore) {
    static_assert(sizeof(BlockNumber) == 4);
    static_assert(sizeof(BlockCount) == 8);
    static_assert(sizeof(SlotIndex) == 4);
    static_assert(sizeof(ByteOffset) == 8);
    const BlockNumber last(std::numeric_limits<uint32_t>::max());
    EXPECT_EQ((last - BlockNumber(0)) + BlockCount(1), BlockCount(uint64_t{1} << 32));
}

TEST(Types, InstantsCountNanosecondsAndNeverIsTheLast) {
    static_assert(std::is_same_v<Instant::duration, std::chrono::nanoseconds>);
    EXPECT_LT(Instant(std::chrono::hours(24 * 365 * 100)), kNever);
}

TEST(Types, TheHashOfNeighboursDiffers) {
    std::unordered_set<size_t> seen;
    for (uint32_t i = 0; i < 1000; ++i) seen.insert(std::hash<BlockNumber>()(BlockNumber(i)));
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(Geometry, SplitsAnOffsetIntoBlockAndRest) {
    constexpr Geometry geometry{ByteCount(4096), BlockCount(100)};
    static_assert(geometry.volume_size() == ByteCount(409600));
    EXPECT_EQ(geometry.block_of(ByteOffset(0)), BlockNumber(0));
    EXPECT_EQ(geometry.block_of(ByteOffset(4095)), BlockNumber(0));
    EXPECT_EQ(geometry.block_of(ByteOffset(4096)), BlockNumber(1));
    EXPECT_EQ(geometry.offset_in_block(ByteOffset(4095)), 4095U);
    EXPECT_EQ(geometry.offset_in_block(ByteOffset(4096)), 0U);
    EXPECT_EQ(geometry.offset_in_block(ByteOffset(8193)), 1U);
}

TEST(Geometry, HoldsForTheLargestVolume) {
    constexpr Geometry geometry{ByteCount(uint64_t{1} << 31), BlockCount(uint64_t{1} << 32)};
    EXPECT_EQ(geometry.volume_size(), ByteCount(uint64_t{1} << 63));
    const ByteOffset last(geometry.volume_size().value - 1);
    EXPECT_EQ(geometry.block_of(last), BlockNumber(0xFFFFFFFF));
    EXPECT_EQ(geometry.offset_in_block(last), (uint64_t{1} << 31) - 1);
}

TEST(Geometry, ComparesBothSizes) {
    const Geometry geometry{ByteCount(4096), BlockCount(100)};
    EXPECT_EQ(geometry, (Geometry{ByteCount(4096), BlockCount(100)}));
    EXPECT_NE(geometry, (Geometry{ByteCount(8192), BlockCount(100)}));
    EXPECT_NE(geometry, (Geometry{ByteCount(4096), BlockCount(101)}));
}

}  // namespace
}  // namespace s3b
