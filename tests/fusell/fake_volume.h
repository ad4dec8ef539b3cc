// SPDX-License-Identifier: Apache-2.0
// A volume in memory, whose operations can be held up and made to fail.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "engine/reactor/sync.h"
#include "fusell/volume_port.h"

namespace s3b::fusell {

/// Belongs to the reactor's thread.
class FakeVolume final : public VolumePort {
public:
    static constexpr uint64_t kBlockSize = 4096;
    explicit FakeVolume(uint64_t blocks = 1024)
        : geometry_{ByteCount(kBlockSize), BlockCount(blocks)} {
        content.resize(geometry_.volume_size().value);
    }

    Geometry geometry() const override { return geometry_; }

    Task<Result<void>> read(ByteOffset offset, std::span<std::byte> into) override {
        check_range(offset, into.size());
        ++reads;
        co_await pass(held_read == offset.value);
        if (failure) co_return *failure;
        std::copy_n(content.begin() + static_cast<long>(offset.value), into.size(), into.begin());
        co_return ok();
    }
    bool read_in_place(ByteOffset offset, uint64_t length, std::vector<iovec>& pieces) override {
        if (!at_once) return false;
        check_range(offset, length);
        const uint64_t half = length / 2;
        pieces.push_back({content.data() + offset.value, half});
        pieces.push_back({content.data() + offset.value + half, length - half});
        ++in_place;
        return true;
    }
    bool read_at_once(ByteOffset offset, std::span<std::byte> into) override {
        if (!at_once) return false;
        check_range(offset, into.size());
        std::copy_n(content.begin() + static_cast<long>(offset.value), into.size(), into.begin());
        return true;
    }
    bool write_at_once(ByteOffset offset, std::span<const std::byte> from) override {
        if (!at_once) return false;
        check_range(offset, from.size());
        std::ranges::copy(from, content.begin() + static_cast<long>(offset.value));
        return true;
    }
    Task<Result<void>> write(ByteOffset offset, std::span<const std::byte> from) override {
        check_range(offset, from.size());
        write_sizes.push_back(from.size());
        aligned &= reinterpret_cast<uintptr_t>(from.data()) % 4096 == 0;
        co_await pass(hold_writes);
        if (failure) co_return *failure;
        std::ranges::copy(from, content.begin() + static_cast<long>(offset.value));
        co_return ok();
    }
    Task<Result<void>> zero(ByteOffset offset, ByteCount length) override {
        check_range(offset, length.value);
        if (failure) co_return *failure;
        const auto start = content.begin() + static_cast<long>(offset.value);
        std::fill_n(start, length.value, std::byte{0});
        co_return ok();
    }
    Task<Result<void>> flush() override {
        ++flushes;
        if (failure) co_return *failure;
        co_return ok();
    }
    BlockCount free_blocks() const override { return BlockCount(free); }
    std::string stats_text() override { return "resets " + std::to_string(resets) + '\n' + extra; }
    std::string stats_json() override { return "{\"resets\": " + std::to_string(resets) + "}\n"; }
    void reset_stats() override { ++resets; }

    /// Reads of other threads: while `on`, all of them, and nobody may write then.
    struct FakeHits final : HitReader {
        explicit FakeHits(FakeVolume& of) : volume(of) {}
        bool read_hit(ByteOffset offset, std::span<std::byte> into) override {
            if (!on) {
                ++refused;
                return false;
            }
            std::ranges::copy(std::span(volume.content).subspan(offset.value, into.size()),
                              into.begin());
            ++hits;
            ++not_told;
            return true;
        }
        FakeVolume& volume;
        std::atomic<bool> on = false;
        std::atomic<size_t> refused = 0;
        std::atomic<size_t> hits = 0;
        std::atomic<size_t> not_told = 0;
    };
    FakeHits beside{*this};  // of all threads
    HitReader* hit_reader(uint32_t) override { return &beside; }
    uint64_t note_hits() override { return beside.not_told.exchange(0); }

    /// Lets everything go that is held.
    void let_go() {
        held_read.reset();
        hold_writes = false;
        gate_.wake_all();
    }

    std::vector<std::byte> content;
    bool at_once = false;                 // reads and writes wait for nothing
    std::optional<Error> failure;         // of all operations
    std::optional<uint64_t> held_read;    // a read at this offset waits
    bool hold_writes = false;             // all writes wait
    std::function<void(size_t)> on_held;  // hears how many wait
    std::string extra;                    // of the statistics
    uint64_t free = 0;                    // blocks
    size_t reads = 0;
    size_t in_place = 0;
    std::vector<size_t> write_sizes;
    bool aligned = true;  // the data of all writes began with a page
    int flushes = 0;
    int resets = 0;

private:
    void check_range(ByteOffset offset, uint64_t length) const {
        CHECK(length <= content.size() && offset.value <= content.size() - length);
    }
    Task<void> pass(bool held) {
        if (!held) co_return;
        ++waiting_;
        if (on_held) on_held(waiting_);
        co_await gate_.wait();
        --waiting_;
    }

    Geometry geometry_;
    size_t waiting_ = 0;
    WaitQueue gate_;
};

}  // namespace s3b::fusell
