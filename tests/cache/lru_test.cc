// SPDX-License-Identifier: Apache-2.0
#include "cache/lru.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <vector>

#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr Instant kStart{std::chrono::seconds(16)};
constexpr Duration kTick = SlotMarks::kTick;

struct TestLru {
    explicit TestLru(uint32_t slots, bool timed)
        : links(SlotCount(slots)), marks(SlotCount(slots)), lru(links, marks, timed) {}
    SlotLinks links;
    SlotMarks marks;
    Lru lru;
};

/// The slots from the oldest to the youngest; empties the list.
std::vector<uint32_t> drain(Lru& lru) {
    std::vector<uint32_t> order;
    while (const auto slot = lru.oldest()) {
        order.push_back(slot->value);
        lru.remove(*slot);
    }
    return order;
}
using Order = std::vector<uint32_t>;

TEST(Lru, TheOldestUseComesFirst) {
    TestLru test(8, false);
    Lru& lru = test.lru;
    EXPECT_EQ(lru.oldest(), std::nullopt);
    for (const uint32_t slot : {3U, 1U, 2U}) lru.push(SlotIndex(slot), kStart);
    EXPECT_EQ(lru.size(), 3U);
    EXPECT_EQ(drain(lru), (Order{3, 1, 2}));
    EXPECT_EQ(lru.size(), 0U);
}

TEST(Lru, TouchingMovesToTheYoungEnd) {
    TestLru test(8, false);
    Lru& lru = test.lru;
    for (const uint32_t slot : {0U, 1U, 2U}) lru.push(SlotIndex(slot), kStart);
    lru.touch(SlotIndex(0), kStart);
    lru.touch(SlotIndex(0), kStart);
    EXPECT_EQ(drain(lru), (Order{1, 2, 0}));
}

TEST(Lru, RemovesFromBothEndsAndTheMiddle) {
    TestLru test(8, false);
    Lru& lru = test.lru;
    for (uint32_t slot = 0; slot < 5; ++slot) lru.push(SlotIndex(slot), kStart);
    for (const uint32_t slot : {2U, 0U, 4U}) lru.remove(SlotIndex(slot));
    EXPECT_EQ(drain(lru), (Order{1, 3}));
}

TEST(Lru, TellsWhenTheOldestWasUsed) {
    TestLru test(8, true);
    Lru& lru = test.lru;
    EXPECT_EQ(lru.oldest_use(), kNever);
    lru.push(SlotIndex(0), kStart);
    lru.push(SlotIndex(1), kStart + 2 * kTick);
    EXPECT_EQ(lru.oldest_use(), kStart);
    lru.touch(SlotIndex(0), kStart + 5 * kTick);
    EXPECT_EQ(lru.oldest_use(), kStart + 2 * kTick);
    lru.touch(SlotIndex(1), kStart + 6 * kTick);
    lru.touch(SlotIndex(1), kStart + 7 * kTick);  // also where it is the youngest
    lru.remove(SlotIndex(0));
    EXPECT_EQ(lru.oldest_use(), kStart + 7 * kTick);
    lru.remove(SlotIndex(1));
    EXPECT_EQ(lru.oldest_use(), kNever);
}

TEST(Lru, WithoutTimesTheUseOfTheOldestIsNever) {
    TestLru test(8, false);
    Lru& lru = test.lru;
    lru.push(SlotIndex(0), kStart);
    EXPECT_EQ(lru.oldest_use(), kNever);
}

TEST(Lru, TimesStayRightAfterYearsOfRunning) {
    TestLru test(8, true);
    Lru& lru = test.lru;
    Instant now = kStart;
    for (int month = 0; month < 40; ++month) {
        now += hours(30 * 24) + 3 * kTick;
        lru.push(SlotIndex(0), now);
        lru.push(SlotIndex(1), now + hours(1));
        EXPECT_EQ(lru.oldest_use(), now) << month;
        lru.remove(SlotIndex(0));
        EXPECT_EQ(lru.oldest_use(), now + hours(1)) << month;
        lru.remove(SlotIndex(1));
    }
}

TEST(Lru, TimesAreRoundedUpToATick) {
    TestLru test(8, true);
    test.lru.push(SlotIndex(0), kStart + milliseconds(1));
    EXPECT_EQ(test.lru.oldest_use(), kStart + kTick);
    EXPECT_EQ(SlotMarks::rounded(kStart + milliseconds(1)), kStart + kTick);
}

TEST(Lru, ADeferredSlotGoesBehindTheYoungestWithItsTime) {
    TestLru test(8, true);
    Lru& lru = test.lru;
    lru.push(SlotIndex(0), kStart);
    lru.push(SlotIndex(1), kStart + 2 * kTick);
    lru.defer(SlotIndex(0));
    EXPECT_EQ(*lru.oldest(), SlotIndex(1));
    lru.remove(SlotIndex(1));
    EXPECT_EQ(lru.oldest_use(), kStart + 2 * kTick);
    lru.defer(SlotIndex(0));  // alone: stays as it is
    EXPECT_EQ(lru.oldest_use(), kStart + 2 * kTick);
    EXPECT_EQ(lru.size(), 1U);
}

TEST(Lru, AgreesWithAList) {
    constexpr uint32_t kSlots = 60;
    struct Use {
        uint32_t slot;
        Instant at;
    };
    Random random(11);
    TestLru test(kSlots, true);
    Lru& lru = test.lru;
    std::list<Use> expected;
    Instant now = kStart;
    for (int step = 0; step < 100'000; ++step) {
        now += random.below(3) * kTick;
        const uint32_t slot = random.below(kSlots);
        const auto found = std::ranges::find(expected, slot, &Use::slot);
        const uint32_t choice = random.below(4);
        if (found == expected.end()) {
            lru.push(SlotIndex(slot), now);
            expected.push_back({slot, now});
        } else if (choice == 0) {
            lru.remove(SlotIndex(slot));
            expected.erase(found);
        } else if (choice == 1) {
            const Use moved{slot, expected.back().at};
            lru.defer(SlotIndex(slot));
            expected.erase(found);
            expected.push_back(moved);
        } else {
            lru.touch(SlotIndex(slot), now);
            expected.erase(found);
            expected.push_back({slot, now});
        }
        ASSERT_EQ(lru.size(), expected.size());
        if (expected.empty()) continue;
        ASSERT_EQ(lru.oldest()->value, expected.front().slot) << step;
        ASSERT_EQ(lru.oldest_use(), expected.front().at) << step;
    }
}

}  // namespace
}  // namespace s3b::cache
