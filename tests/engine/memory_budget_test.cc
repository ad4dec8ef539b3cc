// SPDX-License-Identifier: Apache-2.0
// The budget is the sum of what the code allows; here is what it allows.
#include "engine/memory_budget.h"

#include "engine/fetcher.h"
#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class MemoryBudgetTest : public VolumeTest {
protected:
    MemoryBudget budget() {
        const VolumeSettings settings = this->settings();
        return Volume::memory_budget(settings, world().codec());
    }
};

TEST_F(MemoryBudgetTest, HasASlotForEachCachedBlockAndFourForEachThread) {
    cache().threads = 3;
    EXPECT_EQ(budget().slots.value, (16 + 4 * 3) * kBlock);
}

TEST_F(MemoryBudgetTest, GrowsWithTheVolumeByBitsABlock) {
    settings().geometry.blocks = BlockCount(uint64_t{1} << 32);
    EXPECT_LE(budget().maps.value, uint64_t{1} << 32);
}

TEST_F(MemoryBudgetTest, CountsEachRequestOfTheKernelWithTheMostItMayHave) {
    settings().request = ByteCount(4 << 20);
    EXPECT_EQ(budget().requests.value, 512U * ((4 << 20) + 4096));
}

TEST_F(MemoryBudgetTest, IsTheSumOfItsParts) {
    const MemoryBudget parts = budget();
    EXPECT_EQ(parts.total().value, parts.slots.value + parts.bookkeeping.value + parts.maps.value +
                                       parts.bodies.value + parts.requests.value);
}

TEST_F(MemoryBudgetTest, DownloadsOnDemandAreAsManyAsTheirBytesAllow) {
    EXPECT_EQ(Fetcher::demand_at_once(ByteCount(4096)), 256U);
    EXPECT_EQ(Fetcher::demand_at_once(ByteCount(4 << 20)), 128U);
    EXPECT_EQ(Fetcher::demand_at_once(ByteCount(uint64_t{1} << 31)), 32U);
}

TEST_F(MemoryBudgetTest, MoreReadersThanThatWaitForTheirTurn) {
    settings().geometry.blocks = BlockCount(1000);
    cache().size = 1000;
    for (uint32_t n = 0; n < 600; ++n) bucket().set(key(n), block(n));
    bucket().hold(Verb::Get, "");
    std::vector<SimRequest*> reads;
    for (uint32_t n = 0; n < 600; ++n) reads.push_back(&world().start_read(n * kBlock, kBlock));
    idle();
    EXPECT_EQ(bucket().held(), 256);
    bucket().release(Verb::Get, "");
    for (uint32_t n = 0; n < 600; ++n) {
        EXPECT_TRUE(world().finish(*reads[n]).ok());
        EXPECT_EQ(reads[n]->bytes, block(n));
    }
}

TEST(MemoryBudget, TellsWhatCannotBeMapped) {
    EXPECT_TRUE(can_be_mapped(ByteCount(1 << 20)));
    EXPECT_FALSE(can_be_mapped(ByteCount(uint64_t{1} << 60)));
    EXPECT_GT(physical_memory(), ByteCount(uint64_t{64} << 20));
}

TEST(MemorySlots, AreAlignedForDirectIO) {
    for (const uint64_t block : {uint64_t{512}, uint64_t{4096}, uint64_t{1} << 20}) {
        const MemorySlots slots(SlotCount(10), ByteCount(block));
        for (uint32_t n = 0; n < 10; ++n) {
            const auto address = reinterpret_cast<uintptr_t>(slots.bytes(SlotIndex(n)).data());
            EXPECT_EQ(address % std::min(block, uint64_t{4096}), 0U);
        }
    }
}

}  // namespace
}  // namespace s3b
