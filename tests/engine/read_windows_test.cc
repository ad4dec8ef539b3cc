// SPDX-License-Identifier: Apache-2.0
#include "engine/read_windows.h"

#include <gtest/gtest.h>

namespace s3b {
namespace {

TEST(ReadWindowsTest, FixedOnesStayAsTheyAre) {
    ReadWindows windows(7, 1, 3);
    for (uint32_t i = 0; i < 3; ++i) windows.open(i);
    windows.grow(0);
    windows.shrink(1);
    for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(windows.size(i), 7U) << i;
}

TEST(ReadWindowsTest, SmallOnesGrowFourfold) {
    ReadWindows windows({}, 16 * 17, 1);
    windows.open(0);
    windows.grow(0);
    EXPECT_EQ(windows.size(0), 16U);
    windows.grow(0);
    EXPECT_EQ(windows.size(0), 64U);
    windows.grow(0);
    EXPECT_EQ(windows.size(0), 128U);
}

TEST(ReadWindowsTest, ThoseThatAdaptBeginWithFourDoubleAndHalve) {
    ReadWindows windows({}, 63, 1);
    windows.open(0);
    EXPECT_EQ(windows.size(0), 4U);
    windows.grow(0);
    windows.grow(0);
    EXPECT_EQ(windows.size(0), 16U);
    windows.shrink(0);
    EXPECT_EQ(windows.size(0), 8U);
}

TEST(ReadWindowsTest, AWindowShrinksToOneBlockAtTheLeast) {
    ReadWindows windows({}, 15, 1);
    windows.open(0);
    for (int i = 0; i < 10; ++i) windows.shrink(0);
    EXPECT_EQ(windows.size(0), 1U);
    windows.grow(0);
    EXPECT_EQ(windows.size(0), 2U);
}

TEST(ReadWindowsTest, AWindowGrowsToTheBound) {
    ReadWindows windows({}, 11, 1);
    windows.open(0);
    for (int i = 0; i < 10; ++i) windows.grow(0);
    EXPECT_EQ(windows.size(0), 11U);
    EXPECT_EQ(windows.free(), 0U);
}

TEST(ReadWindowsTest, AClosedWindowLeavesItsBlocksToOthers) {
    ReadWindows windows({}, 12, 2);
    windows.open(0);
    for (int i = 0; i < 4; ++i) windows.grow(0);
    windows.close(0);
    EXPECT_FALSE(windows.is_open(0));
    EXPECT_EQ(windows.size(0), 0U);
    windows.open(1);
    for (int i = 0; i < 4; ++i) windows.grow(1);
    EXPECT_EQ(windows.size(1), 12U);
}

TEST(ReadWindowsTest, AStreamTakesItsEqualShareFromTheLargestAndNoMore) {
    ReadWindows windows({}, 32, 2);
    windows.open(0);
    for (int i = 0; i < 5; ++i) windows.grow(0);
    EXPECT_EQ(windows.size(0), 32U);
    windows.open(1);
    for (int i = 0; i < 5; ++i) windows.grow(1);
    EXPECT_EQ(windows.size(0), 16U);
    EXPECT_EQ(windows.size(1), 16U);
}

TEST(ReadWindowsTest, TheBoundHoldsForAllTogether) {
    constexpr uint32_t kStreams = 20;
    ReadWindows windows({}, 13, kStreams);
    for (uint32_t i = 0; i < kStreams; ++i) {
        windows.open(i);
        windows.grow(i / 2);
        uint32_t total = 0;
        for (uint32_t j = 0; j < kStreams; ++j) total += windows.size(j);
        EXPECT_LE(total, 13U);
        EXPECT_EQ(windows.free(), 13 - total);
    }
    uint32_t with_some = 0;
    for (uint32_t j = 0; j < kStreams; ++j) with_some += windows.size(j) > 0 ? 1 : 0;
    EXPECT_EQ(with_some, 13U);  // more streams than blocks: one each
}

}  // namespace
}  // namespace s3b
