// SPDX-License-Identifier: Apache-2.0
// A cache that its owner writes, uploads, evicts and fills while threads read it beside.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "cache/block_cache.h"
#include "engine/hit_readers.h"

namespace s3b {
namespace {

constexpr uint64_t kBlock = 1024;
constexpr uint32_t kBlocks = 24;
constexpr uint32_t kCached = 8;
constexpr uint32_t kReaders = 2;

class HitThreadsTest : public ::testing::Test {
protected:
    static cache::CacheSettings settings() {
        cache::CacheSettings settings;
        settings.geometry = Geometry{ByteCount(kBlock), BlockCount(kBlocks)};
        settings.size = kCached;
        settings.uploads = 2;
        settings.readers = kReaders;
        return settings;
    }
    /// All words of a block have one generation.
    static void fill(std::span<std::byte> bytes, uint64_t generation) {
        for (size_t at = 0; at < bytes.size(); at += sizeof generation) {
            std::memcpy(bytes.data() + at, &generation, sizeof generation);
        }
    }
    void write(BlockNumber block, uint64_t generation) {
        const cache::ByteRange all{0, kBlock};
        const cache::WritePlan plan = cache_.begin_write(block, all, false, now_);
        if (plan.kind != cache::WritePlan::Kind::Apply) return upload();
        fill(slots_.bytes(plan.slot), generation);
        cache_.end_write(block);
        written_[block.value] = generation;
    }
    /// One block becomes clean, so that it can leave.
    void upload() {
        const auto block = cache_.pop_due(now_);
        if (!block) return;
        stored_[block->value] = written_[block->value];
        cache_.begin_put(*block);
        cache_.finish_put(*block, now_);
    }
    void fetch(BlockNumber block) {
        if (!cache_.absent(block) || stored_[block.value] == 0) return;
        const auto slot = cache_.begin_fetch(block, cache::BlockCache::Need::Client, now_);
        if (!slot) return upload();
        fill(slots_.bytes(*slot), stored_[block.value]);
        cache_.finish_fetch(block, now_);
    }
    void read_beside(uint32_t number) {
        fusell::HitReader& reader = *readers_.reader(number);
        std::vector<std::byte> bytes(kBlock);
        std::vector<std::byte> wanted(kBlock);
        for (uint32_t n = number; !end_; n = (n + 5) % kBlocks) {
            const uint64_t least = written_[n];
            if (!reader.read_hit(ByteOffset(n * kBlock), bytes)) continue;
            uint64_t generation = 0;
            std::memcpy(&generation, bytes.data(), sizeof generation);
            fill(wanted, generation);
            if (generation < least || bytes != wanted) ++wrong_;
            ++hits_;
        }
    }

    Instant now_{};
    cache::BlockCache cache_{settings()};
    MemorySlots slots_{cache::BlockCache::slots_for(settings()), ByteCount(kBlock)};
    HitReaders readers_{kReaders, settings().geometry, cache_.table(), slots_};
    std::array<std::atomic<uint64_t>, kBlocks> written_{};
    std::array<uint64_t, kBlocks> stored_{};
    std::atomic<bool> end_ = false;
    std::atomic<uint64_t> hits_ = 0;
    std::atomic<uint64_t> wrong_ = 0;
};

TEST_F(HitThreadsTest, ReadersSeeWholeBlocksAndAllThatWasWrittenBefore) {
    std::vector<std::thread> threads;
    for (uint32_t n = 0; n < kReaders; ++n) threads.emplace_back([this, n] { read_beside(n); });
    uint64_t noted = 0;
    uint64_t generation = 0;
    while (generation < 30'000 || hits_ < 1000) {
        ++generation;
        now_ += std::chrono::milliseconds(1);
        write(BlockNumber(static_cast<uint32_t>(generation * 7 % kBlocks)), generation);
        fetch(BlockNumber(static_cast<uint32_t>(generation * 11 % kBlocks)));
        if (generation % 3 == 0) upload();
        noted += readers_.take(
            [this](BlockNumber block, SlotIndex slot) { cache_.note_hit(block, slot, now_); });
    }
    end_ = true;
    for (std::thread& thread : threads) thread.join();
    noted += readers_.take([](BlockNumber, SlotIndex) {});
    EXPECT_EQ(wrong_, 0U);
    EXPECT_EQ(noted, hits_);
}

}  // namespace
}  // namespace s3b
