// SPDX-License-Identifier: Apache-2.0
// What is at hand is read and written without an allocation. All of this program's are counted.
#include <cstdlib>
#include <new>

#include "tests/engine/volume_fixture.h"

namespace {
size_t allocations = 0;
}  // namespace

// Not inlined: g++ takes the free() of one for a mismatch to the other.
[[gnu::noinline]] void* operator new(size_t size) {
    ++allocations;
    void* memory = std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace s3b {
namespace {

class AllocationTest : public VolumeTest {
protected:
    /// The first `blocks` of the volume, dirty or clean.
    void fill(uint32_t blocks) {
        for (uint32_t n = 0; n < blocks; ++n) world().write(n * kBlock, block(n));
    }
    std::vector<std::byte> part_ = bytes(512, 7);
};

TEST_F(AllocationTest, ReadsOfDirtyAndOfCleanBlocksAllocateNothing) {
    fill(12);
    for (int round = 0; round < 2; ++round) {
        const size_t before = allocations;
        for (uint64_t i = 0; i < 10'000; ++i) {
            const ByteOffset offset(i * 7 % 12 * kBlock + i % 8 * 512);
            ASSERT_TRUE(world().volume().read_at_once(offset, part_));
        }
        EXPECT_EQ(allocations, before);
        world().flush();
    }
}

TEST_F(AllocationTest, SequentialReadsOfWhatIsAllCachedAllocateNothingEither) {
    settings().cache.read_ahead = 4;
    fill(12);
    const size_t before = allocations;
    for (uint64_t i = 0; i < 1'000; ++i) {
        ASSERT_TRUE(world().volume().read_at_once(ByteOffset(i % 8 * kBlock), part_));
    }
    EXPECT_EQ(allocations, before);
}

TEST_F(AllocationTest, WritesOfDirtyBlocksAllocateNothing) {
    fill(12);
    const size_t before = allocations;
    for (uint64_t i = 0; i < 10'000; ++i) {
        ASSERT_TRUE(world().volume().write_at_once(ByteOffset(i % 12 * kBlock), part_));
    }
    EXPECT_EQ(allocations, before);
}

TEST_F(AllocationTest, WhatIsNotAtHandIsLeftAlone) {
    bucket().set(key(1), block(1));
    EXPECT_FALSE(world().volume().read_at_once(ByteOffset(kBlock), part_));
    std::vector<std::byte> two = bytes(2 * kBlock, 1);
    fill(3);
    EXPECT_FALSE(world().volume().read_at_once(ByteOffset(0), two));
    EXPECT_FALSE(world().volume().write_at_once(ByteOffset(0), two));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(0));
}

}  // namespace
}  // namespace s3b
