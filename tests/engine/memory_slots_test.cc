// SPDX-License-Identifier: Apache-2.0
#include "engine/memory_slots.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace s3b {
namespace {

/// Each slot is used for the first time, and filled, in their order; all keep their bytes.
void use_all(uint32_t count, uint64_t block_size) {
    MemorySlots slots{SlotCount(count), ByteCount(block_size)};
    for (uint32_t n = 0; n < count; ++n) {
        slots.begin_use(SlotIndex(n));
        ASSERT_EQ(slots.bytes(SlotIndex(n)).size(), block_size);
        ASSERT_EQ(slots.bytes(SlotIndex(n)).front(), std::byte{0});
        std::ranges::fill(slots.bytes(SlotIndex(n)), static_cast<std::byte>(n + 1));
    }
    for (uint32_t n = 0; n < count; ++n) {
        const auto wanted = [n](std::byte b) { return b == static_cast<std::byte>(n + 1); };
        ASSERT_TRUE(std::ranges::all_of(slots.bytes(SlotIndex(n)), wanted)) << n;
    }
}

TEST(MemorySlots, SlotsSmallerThanAPage) { use_all(100, 16); }
TEST(MemorySlots, SlotsThatShareHugePages) { use_all(200, 65536); }
TEST(MemorySlots, SlotsThatAreLargerThanAHugePage) { use_all(4, 8 << 20); }
TEST(MemorySlots, SlotsThatEndWithinAHugePage) { use_all(3, (3 << 20) + 4096); }

/// Pages of `memory` that are resident.
size_t resident(std::span<std::byte> memory) {
    std::vector<unsigned char> pages(memory.size() / 4096);
    EXPECT_EQ(mincore(memory.data(), memory.size(), pages.data()), 0);
    return static_cast<size_t>(
        std::ranges::count_if(pages, [](unsigned char page) { return (page & 1) != 0; }));
}

TEST(MemorySlots, SmallPagesComeSixtyFourAtATime) {
    if (getpagesize() != 4096) GTEST_SKIP() << "pages are larger here";
    MemorySlots slots{SlotCount(16), ByteCount(65536)};  // less than a huge page
    // The kernel may give huge pages unasked.
    madvise(slots.all().data(), slots.all().size(), MADV_NOHUGEPAGE);
    EXPECT_EQ(resident(slots.all()), 0U);
    for (uint32_t n = 0; n < 4; ++n) {
        slots.begin_use(SlotIndex(n));
        EXPECT_EQ(resident(slots.all()), 64U) << n;
    }
    slots.begin_use(SlotIndex(4));
    EXPECT_EQ(resident(slots.all()), 128U);
}

TEST(MemorySlots, TheArenaBeginsWithAPage) {
    const MemorySlots slots{SlotCount(3), ByteCount(4096)};
    EXPECT_EQ(reinterpret_cast<uintptr_t>(slots.all().data()) % 4096, 0U);
    EXPECT_EQ(slots.all().size(), 3U * 4096);
}

}  // namespace
}  // namespace s3b
