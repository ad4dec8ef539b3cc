// SPDX-License-Identifier: Apache-2.0
#include "cache/zero_map.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

TEST(ZeroMap, KnowsNothingAtFirst) {
    const ZeroMap map(BlockCount(130));
    for (uint32_t i = 0; i < 130; ++i) EXPECT_FALSE(map.known_zero(BlockNumber(i)));
    EXPECT_EQ(map.size(), 0U);
}

TEST(ZeroMap, KeepsNeighboursApart) {
    ZeroMap map(BlockCount(130));
    for (const uint32_t i : {0U, 63U, 64U, 129U}) map.set_zero(BlockNumber(i));
    for (uint32_t i = 0; i < 130; ++i) {
        EXPECT_EQ(map.known_zero(BlockNumber(i)), i == 0 || i == 63 || i == 64 || i == 129) << i;
    }
}

TEST(ZeroMap, CountsEachBlockOnce) {
    ZeroMap map(BlockCount(10));
    map.set_zero(BlockNumber(3));
    map.set_zero(BlockNumber(3));
    EXPECT_EQ(map.size(), 1U);
    map.set_unknown(BlockNumber(4));
    EXPECT_EQ(map.size(), 1U);
    map.set_unknown(BlockNumber(3));
    map.set_unknown(BlockNumber(3));
    EXPECT_EQ(map.size(), 0U);
}

TEST(ZeroMap, HoldsTheLargestVolume) {
    ZeroMap map(BlockCount(uint64_t{1} << 32));
    const BlockNumber last(0xFFFFFFFF);
    map.set_zero(last);
    EXPECT_TRUE(map.known_zero(last));
    EXPECT_FALSE(map.known_zero(BlockNumber(0xFFFFFFFE)));
}

TEST(ZeroMap, AgreesWithASet) {
    Random random(3);
    ZeroMap map(BlockCount(200));
    std::set<uint32_t> expected;
    for (int step = 0; step < 20'000; ++step) {
        const uint32_t i = random.below(200);
        if (random.one_in(2)) {
            map.set_zero(BlockNumber(i));
            expected.insert(i);
        } else {
            map.set_unknown(BlockNumber(i));
            expected.erase(i);
        }
        const uint32_t other = random.below(200);
        ASSERT_EQ(map.known_zero(BlockNumber(other)), expected.contains(other));
        ASSERT_EQ(map.size(), expected.size());
    }
}

}  // namespace
}  // namespace s3b::cache
