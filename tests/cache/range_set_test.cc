// SPDX-License-Identifier: Apache-2.0
#include "cache/range_set.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

using Ranges = std::vector<ByteRange>;

TEST(RangeSet, IsEmptyAtFirstAndAfterClear) {
    RangeSet set;
    EXPECT_TRUE(set.empty());
    EXPECT_EQ(set.gaps(10), (Ranges{{0, 10}}));
    set.add({2, 4});
    EXPECT_FALSE(set.empty());
    set.clear();
    EXPECT_TRUE(set.empty());
    EXPECT_FALSE(set.covers({2, 4}));
}

TEST(RangeSet, GapsAreWhatIsNotInIt) {
    RangeSet set;
    set.add({6, 8});
    set.add({2, 4});
    EXPECT_EQ(set.gaps(10), (Ranges{{0, 2}, {4, 6}, {8, 10}}));
    set.add({0, 1});
    set.add({9, 10});
    EXPECT_EQ(set.gaps(10), (Ranges{{1, 2}, {4, 6}, {8, 9}}));
}

TEST(RangeSet, RangesThatTouchOrOverlapBecomeOne) {
    RangeSet set;
    set.add({2, 4});
    set.add({4, 6});
    EXPECT_TRUE(set.covers({2, 6}));
    set.add({8, 10});
    EXPECT_FALSE(set.covers({5, 9}));
    set.add({5, 9});
    EXPECT_TRUE(set.covers({2, 10}));
}

TEST(RangeSet, CoversOnlyWhatIsWhollyInside) {
    RangeSet set;
    set.add({10, 20});
    EXPECT_TRUE(set.covers({10, 20}));
    EXPECT_TRUE(set.covers({12, 13}));
    EXPECT_FALSE(set.covers({9, 20}));
    EXPECT_FALSE(set.covers({10, 21}));
}

TEST(RangeSet, TakesNoMoreThanItsMaximumUnlessTheyMerge) {
    RangeSet set;
    uint32_t end = 0;
    for (size_t i = 0; i < RangeSet::kMaxRanges; ++i, end += 4) {
        ASSERT_TRUE(set.can_add({end, end + 2}));
        set.add({end, end + 2});
    }
    EXPECT_FALSE(set.can_add({end, end + 2}));
    EXPECT_TRUE(set.can_add({1, 3}));        // overlaps
    EXPECT_TRUE(set.can_add({2, 4}));        // touches two
    EXPECT_TRUE(set.can_add({0, end + 9}));  // swallows all
    set.add({2, 4});
    EXPECT_TRUE(set.can_add({end, end + 2}));
}

TEST(RangeSet, AgreesWithABitmap) {
    constexpr uint32_t kSize = 96;
    Random random(7);
    for (int round = 0; round < 2000; ++round) {
        RangeSet set;
        std::vector<bool> bits(kSize, false);
        for (int step = 0; step < 12; ++step) {
            const uint32_t begin = random.below(kSize);
            const uint32_t end = begin + 1 + random.below(std::min(kSize - begin, 20U));
            set.add({begin, end});
            std::fill(bits.begin() + begin, bits.begin() + end, true);
            const uint32_t from = random.below(kSize);
            const uint32_t to = from + 1 + random.below(kSize - from);
            const bool covered =
                std::all_of(bits.begin() + from, bits.begin() + to, [](bool bit) { return bit; });
            ASSERT_EQ(set.covers({from, to}), covered) << "round " << round << " step " << step;
            std::vector<bool> rebuilt(kSize, true);
            uint32_t before = 0;
            for (const ByteRange& gap : set.gaps(kSize)) {
                ASSERT_TRUE(gap.begin < gap.end && (gap.begin > before || before == 0));
                std::fill(rebuilt.begin() + gap.begin, rebuilt.begin() + gap.end, false);
                before = gap.end;
            }
            ASSERT_EQ(rebuilt, bits) << "round " << round << " step " << step;
        }
    }
}

}  // namespace
}  // namespace s3b::cache
