// SPDX-License-Identifier: Apache-2.0
// The cache file through a real ring, on whatever file system the temporary folder is.
#include "engine/ring_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/memory_slots.h"
#include "engine/reactor/reactor.h"
#include "tests/reactor/keep_result.h"
#include "tests/reactor/temp_folder.h"

namespace s3b {
namespace {

class RingFileTest : public ::testing::TestWithParam<uint32_t> {
protected:
    RingFileTest() {
        layout_ = {cache::FileVersion::V2, ByteCount(GetParam()), SlotCount(8), ByteCount(4096)};
        path_ = folder_.file("cache");
        descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        EXPECT_EQ(posix_fallocate(descriptor_, 0, static_cast<off_t>(layout_.full_length())), 0);
    }
    ~RingFileTest() override { close(descriptor_); }

    template <class T>
    T result_of(Task<T> task) {
        std::optional<T> result;
        reactor_.run(keep_result(std::move(task), result));
        return std::move(*result);
    }

    TempFolder folder_;
    std::string path_;
    cache::FileLayout layout_;
    int descriptor_ = -1;
    Reactor reactor_;
};

TEST_P(RingFileTest, WhatIsWrittenIsReadBack) {
    RingFile file(reactor_.ring(), {descriptor_, layout_, true});
    const MemorySlots memory(SlotCount(4), layout_.block_size);
    file.will_use(memory.all());
    for (uint32_t n = 0; n < 8; ++n) {
        const auto bytes = memory.bytes(SlotIndex(n % 4));
        std::ranges::fill(bytes, static_cast<std::byte>(n + 1));
        ASSERT_TRUE(result_of(file.write(layout_.slot_offset(SlotIndex(n)), bytes)).has_value());
    }
    ASSERT_TRUE(result_of(file.sync()).has_value());
    for (uint32_t n = 0; n < 8; ++n) {
        const auto bytes = memory.bytes(SlotIndex(n % 4));
        ASSERT_TRUE(result_of(file.read(layout_.slot_offset(SlotIndex(n)), bytes)).has_value());
        EXPECT_EQ(bytes.front(), static_cast<std::byte>(n + 1));
        EXPECT_EQ(bytes.back(), static_cast<std::byte>(n + 1));
    }
}

TEST_P(RingFileTest, OnlyWholePagesGoPastThePageCache) {
    const RingFile file(reactor_.ring(), {descriptor_, layout_, false});
    if (GetParam() % 4096 != 0) {
        EXPECT_NE(file.access().find("no multiples"), std::string::npos) << file.access();
        EXPECT_EQ(file.granule(), 1U);
    } else {
        EXPECT_TRUE(file.access() == "direct" || file.access().starts_with("buffered: "));
    }
}

TEST_P(RingFileTest, EntriesAreWrittenWhereverTheyLie) {
    RingFile file(reactor_.ring(), {descriptor_, layout_, false});
    const std::vector<std::byte> entry(24, std::byte{9});
    const uint64_t offset = layout_.entry_offset(SlotIndex(3));
    ASSERT_TRUE(result_of(file.write(offset, entry)).has_value());
    std::vector<std::byte> found(24);
    ASSERT_EQ(pread(descriptor_, found.data(), found.size(), static_cast<off_t>(offset)), 24);
    EXPECT_EQ(found, entry);
}

TEST_P(RingFileTest, APunchedSlotGivesItsSpaceBackAndTheFileKeepsItsLength) {
    RingFile file(reactor_.ring(), {descriptor_, layout_, false});
    struct stat before{};
    struct stat after{};
    fstat(descriptor_, &before);
    reactor_.run(file.punch(layout_.slot_offset(SlotIndex(7)), layout_.block_size.value));
    fstat(descriptor_, &after);
    const int64_t pages = GetParam() / 4096;  // of the page that others share nothing is punched
    EXPECT_EQ(after.st_blocks, before.st_blocks - pages * 8);
    EXPECT_EQ(after.st_size, before.st_size);
}

TEST_P(RingFileTest, AFileThatWasCutOffOrRemovedIsNoticed) {
    RingFile file(reactor_.ring(), {descriptor_, layout_, false});
    const MemorySlots memory(SlotCount(1), layout_.block_size);
    const uint64_t offset = layout_.slot_offset(SlotIndex(7));
    const auto bytes = memory.bytes(SlotIndex(0));
    ASSERT_EQ(ftruncate(descriptor_, static_cast<off_t>(offset)), 0);
    EXPECT_FALSE(result_of(file.write(offset, bytes)).has_value());
    EXPECT_FALSE(result_of(file.read(layout_.slot_offset(SlotIndex(0)), bytes)).has_value());
    ASSERT_EQ(ftruncate(descriptor_, static_cast<off_t>(layout_.full_length())), 0);
    EXPECT_TRUE(result_of(file.write(offset, bytes)).has_value());
    ASSERT_EQ(unlink(path_.c_str()), 0);
    EXPECT_FALSE(result_of(file.sync()).has_value());
}

INSTANTIATE_TEST_SUITE_P(BlockSizes, RingFileTest, ::testing::Values(512U, 4096U, 65536U));

}  // namespace
}  // namespace s3b
