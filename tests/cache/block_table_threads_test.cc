// SPDX-License-Identifier: Apache-2.0
// One owner and many readers on real threads. The bytes of the slots are plain memory: a reader
// that could see them change would be a data race, which tsan reports, and a torn pattern, which
// every build sees.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "cache/block_table.h"
#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

constexpr uint32_t kSlots = 16;
constexpr uint32_t kBlocks = 40;
constexpr int kOwnerSteps = 300'000;
constexpr uint64_t kReaderPins = 5000;  // each
constexpr size_t kReaders = 10;

struct Slot {
    std::array<uint64_t, 8> words{};
    void fill(BlockNumber block, uint32_t generation) {
        for (uint64_t& word : words) word = (uint64_t{block.value} << 32) | generation;
    }
    /// Whether all of it is one write of `block`.
    bool holds(BlockNumber block) const {
        return words[0] >> 32 == block.value &&
               std::ranges::all_of(words, [&](uint64_t word) { return word == words[0]; });
    }
};

struct Shared {
    BlockTable table{SlotCount(kSlots)};
    std::vector<Slot> slots = std::vector<Slot>(kSlots);
    std::atomic<bool> stop = false;
};

struct Seen {
    std::atomic<uint64_t> pins = 0;
    uint64_t wrong = 0;
};

void read(Shared& shared, uint64_t seed, Seen& seen) {
    Random random(seed);
    while (!shared.stop.load(std::memory_order_relaxed)) {
        const BlockNumber block(random.below(kBlocks));
        const BlockTable::Pin pin = shared.table.try_pin(block);
        if (!pin) continue;
        ++seen.pins;
        const Slot& slot = shared.slots[pin.slot().value];
        const int looks = random.one_in(50) ? 200 : 2;  // now and then a slow reader
        for (int i = 0; i < looks; ++i) seen.wrong += slot.holds(block) ? 0 : 1;
    }
}

/// Does at random what BlockCache does: install, evict, forget while pinned, rewrite in place or in
/// another slot, upload.
class Owner {
public:
    explicit Owner(Shared& shared) : shared_(shared), table_(shared.table) {
        for (uint32_t i = 0; i < kSlots; ++i) free_.push_back(SlotIndex(i));
    }
    void step() {
        reclaim();
        const BlockNumber block(random_.below(kBlocks));
        const auto slot = table_.find(block);
        if (!slot) return install(block);
        table_.clear_unread(*slot);
        switch (random_.below(4)) {
            case 0:
                if (table_.try_make_private(*slot)) drop(block, *slot);
                return;
            case 1: return drop(block, *slot);
            case 2: return rewrite(block, *slot);
            default: return upload(*slot);
        }
    }
    void finish() {
        if (sent_) table_.unpin(*sent_);
        reclaim();
    }
    size_t leaked() const { return kSlots - free_.size() - released_.size() - table_.size(); }
    size_t held() const { return released_.size(); }

private:
    std::optional<SlotIndex> take() {
        if (free_.empty()) return std::nullopt;
        const SlotIndex slot = free_.back();
        free_.pop_back();
        table_.set_taken(slot);
        return slot;
    }
    void release(SlotIndex slot) {
        if (table_.pinned(slot)) return released_.push_back(slot);
        table_.set_free(slot);
        free_.push_back(slot);
    }
    void reclaim() {
        std::vector<SlotIndex> waiting;
        waiting.swap(released_);
        for (const SlotIndex slot : waiting) release(slot);
    }
    void install(BlockNumber block) {
        const auto slot = take();
        if (!slot) return;
        shared_.slots[slot->value].fill(block, ++generation_);
        table_.insert(block, *slot, SlotUse::Clean);
        table_.set_unread(*slot);  // while readers pin it
    }
    void drop(BlockNumber block, SlotIndex slot) {
        table_.erase(block);
        release(slot);
    }
    void rewrite(BlockNumber block, SlotIndex slot) {
        if (table_.try_make_private(slot)) {
            shared_.slots[slot.value].fill(block, ++generation_);
            table_.make_readable(slot, SlotUse::Dirty);
            return;
        }
        const auto other = take();
        if (!other) return;
        drop(block, slot);
        table_.insert(block, *other, SlotUse::Private);
        shared_.slots[other->value].fill(block, ++generation_);
        table_.make_readable(*other, SlotUse::Dirty);
    }
    void upload(SlotIndex slot) {
        if (sent_) table_.unpin(*sent_);
        sent_ = slot;
        table_.pin(slot);
        table_.make_readable(slot, SlotUse::Clean);
    }

    Shared& shared_;
    BlockTable& table_;
    Random random_{1};
    std::vector<SlotIndex> free_;
    std::vector<SlotIndex> released_;
    std::optional<SlotIndex> sent_;
    uint32_t generation_ = 0;
};

TEST(BlockTableThreads, NoReaderSeesAnotherBlockOrAHalfWrittenOne) {
    Shared shared;
    std::array<Seen, kReaders> seen;
    std::vector<std::thread> readers;
    for (size_t i = 0; i < seen.size(); ++i) {
        readers.emplace_back([&, i] { read(shared, 100 + i, seen[i]); });
    }
    Owner owner(shared);
    const auto all_read_much = [&] {
        return std::ranges::all_of(seen, [](const Seen& one) { return one.pins >= kReaderPins; });
    };
    for (int i = 0; i < kOwnerSteps || !all_read_much(); ++i) owner.step();
    shared.stop = true;
    for (std::thread& reader : readers) reader.join();
    for (const Seen& one : seen) EXPECT_EQ(one.wrong, 0U);
    EXPECT_EQ(owner.leaked(), 0U);
    owner.finish();
    EXPECT_EQ(owner.held(), 0U);  // every pin was given back
    EXPECT_EQ(owner.leaked(), 0U);
}

TEST(BlockTableThreads, ReadersFindWhatWasInsertedBefore) {
    constexpr uint32_t kMany = 100'000;
    BlockTable table{SlotCount(kMany)};
    std::atomic<uint32_t> inserted = 0;
    std::atomic<uint64_t> missing = 0;
    std::vector<std::thread> readers;
    for (uint64_t seed = 1; seed <= kReaders; ++seed) {
        readers.emplace_back([&, seed] {
            Random random(seed);
            // acquire: pairs with the release below
            for (uint32_t n = 0; n < kMany; n = inserted.load(std::memory_order_acquire)) {
                if (n == 0) continue;
                // Nothing is erased, so what was inserted before must be found.
                const BlockNumber block(random.below(n));
                const BlockTable::Pin pin = table.try_pin(block);
                if (!pin || pin.slot().value != block.value) ++missing;
            }
        });
    }
    for (uint32_t i = 0; i < kMany; ++i) {
        table.set_taken(SlotIndex(i));
        table.insert(BlockNumber(i), SlotIndex(i), SlotUse::Clean);
        inserted.store(i + 1, std::memory_order_release);  // pairs with the acquire above
    }
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(missing, 0U);
}

TEST(BlockTableThreads, AnErasedSlotIsReusedOnlyAfterItsReaderHasRead) {
    constexpr BlockNumber kBlock(3);
    constexpr SlotIndex kSlot(0);
    BlockTable table{SlotCount(1)};
    uint64_t bytes = 0;  // plain memory: tsan sees whether the orders of the table protect it
    for (uint64_t round = 1; round <= 2000; ++round) {
        table.set_taken(kSlot);
        bytes = round;
        table.insert(kBlock, kSlot, SlotUse::Clean);
        std::atomic<bool> pinned = false;
        uint64_t seen = 0;
        std::thread reader([&] {
            const BlockTable::Pin pin = table.try_pin(kBlock);
            pinned.store(true, std::memory_order_relaxed);
            seen = bytes;
        });
        while (!pinned.load(std::memory_order_relaxed)) std::this_thread::yield();
        table.erase(kBlock);
        while (!table.try_make_private(kSlot)) std::this_thread::yield();
        bytes = 0;
        table.set_free(kSlot);
        reader.join();
        ASSERT_EQ(seen, round);
    }
}

}  // namespace
}  // namespace s3b::cache
