// SPDX-License-Identifier: Apache-2.0
// The order of eviction by itself: policies, protected blocks, expiry, memory.
#include "cache/eviction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <unordered_map>
#include <vector>

#include "cache/block_cache.h"
#include "tests/cache/eviction_kit.h"
#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{seconds(16)};

/// Some blocks, each in the slot of its number.
class EvictionTest : public ::testing::TestWithParam<EvictionPolicy> {
protected:
    void make(EvictionPolicy policy, uint32_t protected_blocks, Duration timeout = {}) {
        order_.emplace(EvictionSettings{policy, 20, protected_blocks, timeout}, links_);
    }
    void push(uint32_t n, Instant now = kStart) { order_->push(SlotIndex(n), BlockNumber(n), now); }
    void touch(uint32_t n, Instant now = kStart) {
        order_->touch(SlotIndex(n), BlockNumber(n), now);
    }
    std::optional<uint32_t> evict(std::vector<uint32_t> held = {}) {
        const auto slot = order_->take_victim(
            [&](SlotIndex one) { return std::ranges::count(held, one.value) == 0; });
        if (!slot) return std::nullopt;
        order_->evict(*slot, BlockNumber(slot->value));
        return slot->value;
    }
    uint32_t drop_expired(Instant now) {
        return order_->drop_expired(now, [&](SlotIndex slot) {
            order_->drop(slot, BlockNumber(slot.value));
            return true;
        });
    }
    SlotLinks links_{SlotCount(64)};
    std::optional<EvictionOrder> order_;
};

INSTANTIATE_TEST_SUITE_P(Policies, EvictionTest,
                         ::testing::Values(EvictionPolicy::Lru, EvictionPolicy::S3Fifo));

TEST_P(EvictionTest, UnusedBlocksLeaveInTheOrderOfTheirArrival) {
    make(GetParam(), 0);
    EXPECT_EQ(evict(), std::nullopt);
    for (const uint32_t n : {4U, 2U, 3U}) push(n);
    EXPECT_EQ(order_->size(), 3U);
    EXPECT_EQ(evict(), 4U);
    EXPECT_EQ(evict(), 2U);
    EXPECT_EQ(evict(), 3U);
    EXPECT_EQ(evict(), std::nullopt);
}

TEST_P(EvictionTest, ProtectedBlocksLeaveLastInTheOrderOfTheirUse) {
    make(GetParam(), 3);
    for (const uint32_t n : {2U, 0U, 1U, 7U, 3U}) push(n);
    touch(2);
    std::vector<uint32_t> order;
    while (const auto n = evict()) order.push_back(*n);
    EXPECT_EQ(order, (std::vector<uint32_t>{7, 3, 0, 1, 2}));
}

TEST_P(EvictionTest, AProtectedBlockLeavesIfTheOthersAreHeld) {
    make(GetParam(), 1);
    for (const uint32_t n : {0U, 5U, 6U}) push(n);
    EXPECT_EQ(evict({5, 6}), 0U);
    EXPECT_EQ(evict({5, 6}), std::nullopt);
    EXPECT_EQ(evict({5}), 6U);
}

TEST_P(EvictionTest, WhatIsNotHeldIsFoundHoweverItWasUsed) {
    for (uint32_t free = 0; free < 30; ++free) {
        make(GetParam(), 0);
        std::vector<uint32_t> held;
        for (uint32_t n = 0; n < 30; ++n) {
            push(n);
            for (uint32_t i = 0; i < n % 5; ++i) touch(n);
            if (n != free) held.push_back(n);
        }
        EXPECT_EQ(evict(held), free);
        EXPECT_EQ(evict(held), std::nullopt);
        EXPECT_EQ(order_->size(), 29U);
        while (evict()) {
        }
    }
}

TEST_P(EvictionTest, ExpiryWakesForOrdinaryAndForProtectedBlocks) {
    make(GetParam(), 1, seconds(1));
    EXPECT_EQ(order_->next_expiry(), kNever);
    for (const uint32_t n : {0U, 9U}) {
        push(n);
        EXPECT_GE(order_->next_expiry(), kStart + seconds(1)) << n;
        EXPECT_LE(order_->next_expiry(), kStart + seconds(1) + SlotMarks::kTick) << n;
        EXPECT_EQ(drop_expired(kStart + milliseconds(999)), 0U);
        EXPECT_EQ(drop_expired(order_->next_expiry()), 1U) << n;
        EXPECT_EQ(order_->next_expiry(), kNever);
    }
}

TEST_P(EvictionTest, AUseRestartsTheTimeout) {
    make(GetParam(), 0, milliseconds(1600));
    push(1);
    push(2);
    touch(1, kStart + milliseconds(1600));
    EXPECT_EQ(drop_expired(kStart + milliseconds(1600)), 1U);
    EXPECT_EQ(order_->size(), 1U);
    EXPECT_EQ(drop_expired(kStart + milliseconds(3199)), 0U);
    EXPECT_GE(order_->next_expiry(), kStart + milliseconds(3200));
    EXPECT_LE(order_->next_expiry(), kStart + milliseconds(3300));  // a sixteenth more
    EXPECT_EQ(drop_expired(order_->next_expiry()), 1U);
}

TEST_P(EvictionTest, WithoutATimeoutNothingExpires) {
    make(GetParam(), 1);
    push(0);
    push(1);
    EXPECT_EQ(order_->next_expiry(), kNever);
    EXPECT_EQ(drop_expired(kStart + seconds(1'000'000)), 0U);
}

using S3FifoTest = EvictionTest;

TEST_P(S3FifoTest, ABlockThatReturnsSoonAfterItsEvictionOutlivesNewOnes) {
    make(EvictionPolicy::S3Fifo, 0);
    push(1);
    EXPECT_EQ(evict(), 1U);
    push(1);  // its number was remembered
    push(2);
    push(3);
    EXPECT_EQ(evict(), 2U);
    EXPECT_EQ(evict(), 3U);
    EXPECT_EQ(evict(), 1U);
}

TEST_P(S3FifoTest, ABlockUsedTwiceOutlivesOneThatWasUsedOnce) {
    make(EvictionPolicy::S3Fifo, 0);
    for (const uint32_t n : {1U, 2U, 3U}) push(n);
    touch(1);
    touch(1);
    touch(2);
    EXPECT_EQ(evict(), 2U);
    EXPECT_EQ(evict(), 3U);
    EXPECT_EQ(evict(), 1U);
}

TEST_P(S3FifoTest, ABlockKeepsItsUsesWhileItIsDirty) {
    make(EvictionPolicy::S3Fifo, 0);
    push(1);
    touch(1);
    order_->remove(SlotIndex(1), BlockNumber(1));  // a write is the second use
    EXPECT_EQ(order_->size(), 0U);
    order_->inherit(SlotIndex(1), SlotIndex(40));  // its bytes move while it is being sent
    order_->forget(SlotIndex(1));
    order_->push(SlotIndex(40), BlockNumber(1), kStart);
    push(1 + 1);
    EXPECT_EQ(evict(), 2U);
    EXPECT_EQ(evict(), 40U);
}

TEST_P(S3FifoTest, AForgottenSlotHasNoUses) {
    make(EvictionPolicy::S3Fifo, 0);
    push(1);
    touch(1);
    touch(1);
    order_->drop(SlotIndex(1), BlockNumber(1));
    order_->push(SlotIndex(1), BlockNumber(30), kStart);
    push(2);
    EXPECT_EQ(evict(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Fifo, S3FifoTest, ::testing::Values(EvictionPolicy::S3Fifo));

TEST(Ghosts, RememberAboutAsManyAsTheyAreFor) {
    constexpr uint32_t kGhosts = 16'000;
    Ghosts ghosts(kGhosts);
    for (uint32_t n = 0; n < 4 * kGhosts; ++n) ghosts.insert(BlockNumber(n));
    uint32_t kept = 0;
    uint32_t young = 0;
    for (uint32_t n = 0; n < 4 * kGhosts; ++n) {
        if (!ghosts.remove(BlockNumber(n))) continue;
        ++kept;
        young += n >= 3 * kGhosts ? 1 : 0;
        EXPECT_FALSE(ghosts.remove(BlockNumber(n)));
    }
    EXPECT_LE(kept, kGhosts);
    EXPECT_GE(kept, kGhosts * 9 / 10);
    EXPECT_GE(young, kGhosts * 4 / 5);
}

TEST(Ghosts, OfNoneOrOfTheLastBlockThereIsNoMemory) {
    Ghosts none(0);
    none.insert(BlockNumber(1));
    EXPECT_FALSE(none.remove(BlockNumber(1)));
    Ghosts few(3);
    few.insert(BlockNumber(~uint32_t{0}));
    EXPECT_FALSE(few.remove(BlockNumber(~uint32_t{0})));
    for (uint32_t n = 0; n < 4; ++n) few.insert(BlockNumber(n));
    EXPECT_FALSE(few.remove(BlockNumber(0)));
    for (uint32_t n = 1; n < 4; ++n) EXPECT_TRUE(few.remove(BlockNumber(n)));
}

/// The textbook's LRU cache.
class ReferenceLru {
public:
    explicit ReferenceLru(uint32_t size) : size_(size) {}
    bool access(uint32_t block) {
        const auto found = where_.find(block);
        const bool hit = found != where_.end();
        if (hit) order_.erase(found->second);
        order_.push_back(block);
        where_[block] = std::prev(order_.end());
        if (order_.size() > size_) {
            where_.erase(order_.front());
            order_.pop_front();
        }
        return hit;
    }

private:
    uint32_t size_;
    std::list<uint32_t> order_;
    std::unordered_map<uint32_t, std::list<uint32_t>::iterator> where_;
};

TEST(CacheSimulator, LruHitsWhatTheTextbookHits) {
    CacheSimulator lru(EvictionPolicy::Lru, 100);
    ReferenceLru reference(100);
    Random random(3);
    for (int i = 0; i < 200'000; ++i) {
        const uint32_t block = random.below(1 + random.below(1000));
        ASSERT_EQ(lru.access(block), reference.access(block)) << i;
    }
}

TEST(CacheSimulator, AScanDoesNotFlushTheHotSetUnderS3Fifo) {
    constexpr uint32_t kHot = 100;
    uint32_t hits_after_scan[2] = {};
    for (const auto policy : {EvictionPolicy::Lru, EvictionPolicy::S3Fifo}) {
        CacheSimulator cache(policy, 200);
        for (int round = 0; round < 5; ++round) {
            for (uint32_t n = 0; n < kHot; ++n) cache.access(n);
        }
        for (uint32_t n = 0; n < 10'000; ++n) cache.access(1000 + n);
        for (uint32_t n = 0; n < kHot; ++n) {
            hits_after_scan[policy == EvictionPolicy::S3Fifo] += cache.access(n) ? 1 : 0;
        }
    }
    EXPECT_EQ(hits_after_scan[0], 0U);
    EXPECT_EQ(hits_after_scan[1], kHot);
}

TEST(CacheSimulator, ALoopLargerThanTheCacheHitsUnderS3FifoOnly) {
    CacheSimulator lru(EvictionPolicy::Lru, 1000);
    CacheSimulator fifo(EvictionPolicy::S3Fifo, 1000);
    uint32_t lru_hits = 0;
    uint32_t fifo_hits = 0;
    for (uint32_t i = 0; i < 20 * 1250; ++i) {
        lru_hits += lru.access(i % 1250) ? 1 : 0;
        fifo_hits += fifo.access(i % 1250) ? 1 : 0;
    }
    EXPECT_EQ(lru_hits, 0U);
    EXPECT_GT(fifo_hits, 20 * 1250 / 4U);
}

class CacheMemoryTest : public ::testing::TestWithParam<EvictionPolicy> {};
INSTANTIATE_TEST_SUITE_P(Policies, CacheMemoryTest,
                         ::testing::Values(EvictionPolicy::Lru, EvictionPolicy::S3Fifo));

TEST_P(CacheMemoryTest, ASlotTakesAtMost32BytesBesideItsData) {
    for (const uint32_t size : {1'000'000U, 100'000'000U}) {
        CacheSettings settings;
        settings.geometry = Geometry{ByteCount(4096), BlockCount(1024)};
        settings.size = size;
        settings.uploads = 40;
        settings.timeout = seconds(1);
        settings.policy = GetParam();
        settings.protected_blocks = 10;
        const BlockCache cache(settings);
        const size_t slots = BlockCache::slots_for(settings).value;
        EXPECT_LE(cache.memory_bytes(), slots * BlockCache::kBytesPerSlot);
        EXPECT_GE(cache.memory_bytes(), slots * (8 + 5 + 8 + 4));  // all parts are counted
    }
}

/// A cache of 400 GB of small blocks: what is not used takes no memory, and all works.
TEST_P(CacheMemoryTest, AHundredMillionBlocksArePossible) {
    CacheSettings settings;
    settings.geometry = Geometry{ByteCount(4096), BlockCount(uint64_t{1} << 32)};
    settings.size = 100'000'000;
    settings.uploads = 40;
    settings.policy = GetParam();
    BlockCache cache(settings);
    const Instant now(seconds(1));
    for (uint32_t n = 0; n < 100'000; ++n) {
        const BlockNumber block(n * 42'949);
        ASSERT_TRUE(cache.begin_fetch(block, BlockCache::Need::Client, now).has_value());
        cache.finish_fetch(block, now);
    }
    for (uint32_t n = 0; n < 100'000; ++n) {
        ASSERT_EQ(cache.state(BlockNumber(n * 42'949)), BlockState::Clean);
    }
    EXPECT_EQ(cache.entries(), 100'000U);
}

}  // namespace
}  // namespace s3b::cache
