// SPDX-License-Identifier: Apache-2.0
// Where the bytes of the cache's slots live: one arena of memory, page-aligned, in huge pages where
// they come fast. Pages become resident when a slot is first used.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include "engine/base/types.h"

namespace s3b {

/// The arena. Who may touch which slot when is the business of cache/block_table.
class MemorySlots {
public:
    MemorySlots(SlotCount slots, ByteCount block_size);
    ~MemorySlots();
    MemorySlots(const MemorySlots&) = delete;
    MemorySlots& operator=(const MemorySlots&) = delete;

    /// The block_size bytes of `slot`.
    std::span<std::byte> bytes(SlotIndex slot) const {
        return {arena_ + size_t{slot.value} * block_size_, block_size_};
    }

    std::span<std::byte> all() const { return {arena_, size_}; }
    /// `slot` is about to be used for the first time; those before it have been. Tries a huge page
    /// for what is new. One that takes longer than small ones would (a virtual machine may have
    /// given its memory back to the host) is followed by small ones for a while. The reactor's.
    void begin_use(SlotIndex slot);

private:
    static constexpr size_t kHugePage = size_t{2} << 20;
    /// 512 small pages take about 0.6 ms.
    static constexpr Duration kSlow = std::chrono::milliseconds(1);
    /// So many bytes come in small pages after a slow huge one; twice as many each time.
    static constexpr size_t kFirstPause = size_t{16} << 20;
    static constexpr size_t kLongestPause = size_t{256} << 20;

    /// So many bytes of small pages come at once.
    static constexpr size_t kTogether = size_t{256} << 10;

    size_t block_size_;
    size_t size_;
    size_t mapped_;
    std::byte* mapping_;
    std::byte* arena_;    // in it, at a huge page
    size_t decided_ = 0;  // bytes whose kind of pages is decided
    size_t present_ = 0;  // bytes whose pages are there
    size_t small_until_ = 0;
    size_t pause_ = kFirstPause;
};

}  // namespace s3b
