// SPDX-License-Identifier: Apache-2.0
#include "engine/base/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

namespace s3b {
namespace {

TEST(Buffer, IsAlignedForDirectIoWhateverItsSize) {
    for (const uint64_t size : {1U, 511U, 4096U, 4097U, 1U << 20}) {
        const Buffer buffer{ByteCount(size)};
        EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.bytes().data()) % Buffer::kAlignment, 0U);
        EXPECT_EQ(buffer.bytes().size(), size);
        EXPECT_EQ(buffer.size(), ByteCount(size));
    }
}

TEST(Buffer, AllItsBytesMayBeWritten) {
    Buffer buffer(ByteCount(5000));
    std::ranges::fill(buffer.bytes(), std::byte{0x5A});
    EXPECT_TRUE(std::ranges::all_of(std::as_const(buffer).bytes(),
                                    [](std::byte b) { return b == std::byte{0x5A}; }));
}

TEST(Buffer, ADefaultBufferHoldsNothing) {
    const Buffer buffer;
    EXPECT_FALSE(buffer);
    EXPECT_TRUE(buffer.bytes().empty());
}

TEST(Buffer, ABufferOfNoBytesIsEmpty) {
    const Buffer buffer{ByteCount(0)};
    EXPECT_TRUE(buffer.bytes().empty());
}

TEST(Buffer, MovingTakesTheMemoryAlongAndLeavesNothing) {
    static_assert(!std::is_copy_constructible_v<Buffer> && !std::is_copy_assignable_v<Buffer>);
    Buffer first(ByteCount(100));
    const std::byte* memory = first.bytes().data();
    Buffer second(std::move(first));
    EXPECT_EQ(second.bytes().data(), memory);
    EXPECT_EQ(second.size(), ByteCount(100));
    EXPECT_FALSE(first);                 // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(first.bytes().empty());  // NOLINT(bugprone-use-after-move)
    Buffer third;
    third = std::move(second);
    EXPECT_EQ(third.bytes().data(), memory);
    EXPECT_TRUE(second.bytes().empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(second.size(), ByteCount(0));
}

}  // namespace
}  // namespace s3b
