// SPDX-License-Identifier: Apache-2.0
// The table as its owner sees it, on one thread.
#include "cache/block_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

constexpr BlockNumber kA(7);
constexpr BlockNumber kB(8);
constexpr SlotIndex kFirst(0);
constexpr SlotIndex kSecond(1);

class BlockTableTest : public ::testing::Test {
protected:
    void install(BlockNumber block, SlotIndex slot, SlotUse use) {
        table_.set_taken(slot);
        table_.insert(block, slot, use);
    }
    BlockTable table_{SlotCount(4)};
};

TEST_F(BlockTableTest, AllSlotsAreFreeAtFirstAndNothingIsFound) {
    EXPECT_EQ(table_.slots(), SlotCount(4));
    for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(table_.use_of(SlotIndex(i)), SlotUse::Free);
    EXPECT_EQ(table_.find(kA), std::nullopt);
    EXPECT_EQ(table_.find(BlockNumber(0)), std::nullopt);  // the block of an empty word
    EXPECT_FALSE(table_.try_pin(BlockNumber(0)));
    EXPECT_EQ(table_.size(), 0U);
}

TEST_F(BlockTableTest, FindsWhatWasInserted) {
    install(kA, kFirst, SlotUse::Clean);
    install(kB, kSecond, SlotUse::Private);
    EXPECT_EQ(table_.find(kA), kFirst);
    EXPECT_EQ(table_.find(kB), kSecond);
    EXPECT_EQ(table_.block_of(kFirst), kA);
    EXPECT_EQ(table_.use_of(kFirst), SlotUse::Clean);
    EXPECT_EQ(table_.use_of(kSecond), SlotUse::Private);
    EXPECT_EQ(table_.size(), 2U);
}

TEST_F(BlockTableTest, TheMarkOfUnreadBytesTouchesNothingElseAndIsClearedOnce) {
    install(kA, kFirst, SlotUse::Clean);
    const auto pin = table_.try_pin(kA);
    table_.set_unread(kFirst);
    EXPECT_EQ(table_.block_of(kFirst), kA);
    EXPECT_EQ(table_.use_of(kFirst), SlotUse::Clean);
    EXPECT_TRUE(table_.pinned(kFirst));
    EXPECT_FALSE(table_.clear_unread(kSecond));
    EXPECT_TRUE(table_.clear_unread(kFirst));
    EXPECT_FALSE(table_.clear_unread(kFirst));
    EXPECT_TRUE(table_.pinned(kFirst));
}

TEST_F(BlockTableTest, TheNextBlockOfASlotIsNotMarkedUnread) {
    install(kA, kFirst, SlotUse::Clean);
    table_.set_unread(kFirst);
    table_.erase(kA);
    table_.set_free(kFirst);
    install(kB, kFirst, SlotUse::Clean);
    EXPECT_FALSE(table_.clear_unread(kFirst));
}

TEST_F(BlockTableTest, AnErasedBlockIsGoneAndItsSlotPrivate) {
    install(kA, kFirst, SlotUse::Clean);
    table_.erase(kA);
    EXPECT_EQ(table_.find(kA), std::nullopt);
    EXPECT_EQ(table_.use_of(kFirst), SlotUse::Private);
    EXPECT_FALSE(table_.try_pin(kA));
    table_.set_free(kFirst);
    install(kB, kFirst, SlotUse::Clean);
    EXPECT_EQ(table_.find(kB), kFirst);
    EXPECT_EQ(table_.find(kA), std::nullopt);
}

TEST_F(BlockTableTest, ReadersPinReadableSlotsOnly) {
    install(kA, kFirst, SlotUse::Private);
    EXPECT_FALSE(table_.try_pin(kA));
    table_.make_readable(kFirst, SlotUse::Dirty);
    {
        const BlockTable::Pin pin = table_.try_pin(kA);
        ASSERT_TRUE(pin);
        EXPECT_EQ(pin.slot(), kFirst);
        EXPECT_TRUE(table_.pinned(kFirst));
    }
    EXPECT_FALSE(table_.pinned(kFirst));
    table_.make_readable(kFirst, SlotUse::Clean);
    EXPECT_TRUE(table_.try_pin(kA));
    EXPECT_TRUE(table_.try_make_private(kFirst));
    EXPECT_FALSE(table_.try_pin(kA));
}

TEST_F(BlockTableTest, APinMovesWithItsObject) {
    install(kA, kFirst, SlotUse::Clean);
    {
        BlockTable::Pin first = table_.try_pin(kA);
        const BlockTable::Pin second(std::move(first));
        EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
        EXPECT_TRUE(second);
        EXPECT_TRUE(table_.pinned(kFirst));
    }
    EXPECT_FALSE(table_.pinned(kFirst));
}

TEST_F(BlockTableTest, APinnedSlotCannotBeMadePrivate) {
    install(kA, kFirst, SlotUse::Clean);
    {
        const auto first = table_.try_pin(kA);
        const auto second = table_.try_pin(kA);
        EXPECT_FALSE(table_.try_make_private(kFirst));
        EXPECT_EQ(table_.use_of(kFirst), SlotUse::Clean);  // others may pin it still
        EXPECT_TRUE(table_.try_pin(kA));
    }
    EXPECT_TRUE(table_.try_make_private(kFirst));
    EXPECT_EQ(table_.use_of(kFirst), SlotUse::Private);
    EXPECT_TRUE(table_.try_make_private(kFirst));  // it is already
}

TEST_F(BlockTableTest, PinsStayOnASlotThatIsErasedAndNobodyElsePinsIt) {
    install(kA, kFirst, SlotUse::Clean);
    {
        const auto pin = table_.try_pin(kA);
        table_.erase(kA);
        EXPECT_TRUE(table_.pinned(kFirst));
        EXPECT_FALSE(table_.try_pin(kA));
        EXPECT_FALSE(table_.try_make_private(kFirst));  // private, but still held
        install(kA, kSecond, SlotUse::Clean);           // the block lives elsewhere meanwhile
        EXPECT_EQ(table_.try_pin(kA).slot(), kSecond);
    }
    EXPECT_FALSE(table_.pinned(kFirst));
    EXPECT_TRUE(table_.try_make_private(kFirst));
    table_.set_free(kFirst);
    EXPECT_EQ(table_.use_of(kFirst), SlotUse::Free);
}

TEST_F(BlockTableTest, TheOwnersPinsCountLikeThoseOfReaders) {
    install(kA, kFirst, SlotUse::Dirty);
    table_.pin(kFirst);
    {
        const auto reader = table_.try_pin(kA);
        EXPECT_TRUE(reader);
    }
    EXPECT_TRUE(table_.pinned(kFirst));
    EXPECT_FALSE(table_.try_make_private(kFirst));
    table_.make_readable(kFirst, SlotUse::Clean);  // stored; pins stay
    EXPECT_TRUE(table_.pinned(kFirst));
    table_.unpin(kFirst);
    EXPECT_FALSE(table_.pinned(kFirst));
}

TEST_F(BlockTableTest, AThousandReadersHoldASlotAndTheOwnerOneMore) {
    install(kA, kFirst, SlotUse::Clean);
    std::vector<BlockTable::Pin> pins;
    for (int i = 0; i < 1000; ++i) pins.push_back(table_.try_pin(kA));
    EXPECT_TRUE(pins.back());
    EXPECT_FALSE(table_.try_pin(kA));
    table_.pin(kFirst);
    table_.unpin(kFirst);
    pins.pop_back();
    EXPECT_TRUE(table_.try_pin(kA));
    EXPECT_EQ(table_.block_of(kFirst), kA);  // the counter spilled into nothing
    EXPECT_EQ(table_.use_of(kFirst), SlotUse::Clean);
}

using BlockTableDeathTest = BlockTableTest;

TEST_F(BlockTableDeathTest, MisuseAborts) {
    install(kA, kFirst, SlotUse::Clean);
    EXPECT_DEATH(table_.erase(kB), "found.has_value");
    EXPECT_DEATH(table_.unpin(kFirst), "kPinMask");
    EXPECT_DEATH(table_.set_free(kFirst), "Private");                     // still readable
    EXPECT_DEATH(table_.set_taken(kFirst), "Free");                       // not free
    EXPECT_DEATH(table_.insert(kB, kSecond, SlotUse::Clean), "Private");  // not taken
    EXPECT_DEATH(table_.pin(kSecond), "Free");
    EXPECT_DEATH(table_.make_readable(kSecond, SlotUse::Clean), "Free");
    EXPECT_DEATH(table_.make_readable(kFirst, SlotUse::Private), "is_readable");
    EXPECT_DEATH(table_.try_make_private(kSecond), "Private");
    table_.pin(kFirst);
    table_.erase(kA);
    EXPECT_DEATH(table_.set_free(kFirst), "pinned");
}

/// The table beside an unordered_map, moving at random.
class Pair {
public:
    Pair(uint32_t slots, uint32_t blocks, uint64_t seed)
        : table_(SlotCount(slots)), blocks_(blocks), random_(seed) {
        for (uint32_t i = 0; i < slots; ++i) free_.push_back(i);
    }
    void step() {
        const BlockNumber block = any_block();
        const auto found = expected_.find(block);
        if (found != expected_.end()) {
            table_.erase(block);
            table_.set_free(SlotIndex(found->second));
            free_.push_back(found->second);
            expected_.erase(found);
        } else if (!free_.empty()) {
            std::swap(free_[random_.below(static_cast<uint32_t>(free_.size()))], free_.back());
            const uint32_t slot = free_.back();
            free_.pop_back();
            table_.set_taken(SlotIndex(slot));
            table_.insert(block, SlotIndex(slot), SlotUse::Clean);
            expected_.emplace(block, slot);
        }
        check(block);
        check(any_block());
    }
    void check_all() {
        ASSERT_EQ(table_.size(), expected_.size());
        for (uint32_t i = 0; i < blocks_; ++i) check(number(i));
        for (const uint32_t slot : free_) {
            ASSERT_EQ(table_.use_of(SlotIndex(slot)), SlotUse::Free);
        }
    }
    size_t size() const { return expected_.size(); }

private:
    // Spread over all numbers, the first and the last among them.
    BlockNumber number(uint32_t i) const { return BlockNumber(0 - i * 0x00F00001U); }
    BlockNumber any_block() { return number(random_.below(blocks_)); }
    void check(BlockNumber block) {
        const auto found = expected_.find(block);
        const auto slot = table_.find(block);
        ASSERT_EQ(slot.has_value(), found != expected_.end()) << block.value;
        const BlockTable::Pin pin = table_.try_pin(block);
        ASSERT_EQ(static_cast<bool>(pin), slot.has_value());
        if (!slot) return;
        ASSERT_EQ(slot->value, found->second);
        ASSERT_EQ(pin.slot(), *slot);
        ASSERT_EQ(table_.block_of(*slot), block);
    }
    BlockTable table_;
    uint32_t blocks_;
    Random random_;
    std::vector<uint32_t> free_;
    std::unordered_map<BlockNumber, uint32_t> expected_;
};

TEST(BlockTable, AgreesWithAMapWhileItIsNearlyFull) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Pair pair(60, 100, seed);
        for (int i = 0; i < 3000; ++i) pair.step();
        pair.check_all();
        if (HasFatalFailure()) FAIL() << "seed " << seed;
    }
}

TEST(BlockTable, AgreesWithAMapWhileItIsLarge) {
    Pair pair(140'000, 250'000, 1);
    while (pair.size() < 120'000) pair.step();
    pair.check_all();
    for (int i = 0; i < 50'000; ++i) pair.step();
    pair.check_all();
}

TEST(BlockTable, AMillionSlotsAreFoundInAFullTable) {
    constexpr uint32_t kSlots = 1'000'000;
    BlockTable table{SlotCount(kSlots)};
    for (uint32_t i = 0; i < kSlots; ++i) {
        table.set_taken(SlotIndex(i));
        table.insert(BlockNumber(i), SlotIndex(i), SlotUse::Clean);
    }
    EXPECT_EQ(table.size(), kSlots);
    for (uint32_t i = 0; i < kSlots; i += 997) {
        ASSERT_EQ(table.find(BlockNumber(i)), SlotIndex(i));
    }
    EXPECT_LE(table.memory_bytes(), size_t{kSlots} * 27 / 2);
}

TEST(BlockTable, TheLargestTableHasRoomForAllSlotsAndThenSome) {
    constexpr SlotCount kMost(~uint32_t{0} - 1);
    static_assert(BlockTable::entries_for(kMost) > size_t{kMost.value} / 3 * 4);
    static_assert(BlockTable::entries_for(SlotCount(1)) == 3);
    // Only what is used becomes resident: 24 GB of address space are no obstacle.
    BlockTable table{SlotCount(2'000'000'000)};
    const SlotIndex last(1'999'999'999);
    table.set_taken(last);
    table.insert(BlockNumber(~uint32_t{0}), last, SlotUse::Clean);
    EXPECT_EQ(table.find(BlockNumber(~uint32_t{0})), last);
    EXPECT_EQ(table.try_pin(BlockNumber(~uint32_t{0})).slot(), last);
}

}  // namespace
}  // namespace s3b::cache
