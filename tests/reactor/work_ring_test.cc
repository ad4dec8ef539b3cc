// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/work_ring.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace s3b {
namespace {

TEST(WorkRing, GivesBackInOrderWhatItHasRoomFor) {
    WorkRing<int, 4> ring;
    std::vector<int> items{0, 1, 2, 3, 4};
    EXPECT_EQ(ring.pop(), nullptr);
    for (int round = 0; round < 3; ++round) {
        for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(&items[i]));
        EXPECT_FALSE(ring.push(&items[4]));
        EXPECT_EQ(ring.pop(), &items[0]);
        EXPECT_TRUE(ring.push(&items[4]));
        for (size_t i = 1; i < 5; ++i) EXPECT_EQ(ring.pop(), &items[i]);
        EXPECT_EQ(ring.pop(), nullptr);
    }
}

TEST(WorkRing, ManyTakersGetEachItemOnce) {
    constexpr size_t kItems = 100'000;
    constexpr size_t kTakers = 3;
    WorkRing<size_t, 64> ring;
    std::vector<size_t> items(kItems, 0);  // how often it was taken
    std::atomic<size_t> taken{0};
    {
        std::vector<std::jthread> takers;
        for (size_t i = 0; i < kTakers; ++i) {
            takers.emplace_back([&] {
                while (taken.load() < kItems) {
                    size_t* const item = ring.pop();
                    if (item == nullptr) continue;
                    ++*item;
                    taken.fetch_add(1);
                }
            });
        }
        for (size_t& item : items) {
            while (!ring.push(&item)) std::this_thread::yield();
        }
    }
    for (const size_t count : items) ASSERT_EQ(count, 1U);
    EXPECT_EQ(ring.pop(), nullptr);
}

}  // namespace
}  // namespace s3b
