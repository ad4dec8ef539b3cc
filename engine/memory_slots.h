// SPDX-License-Identifier: Apache-2.0
// Where the bytes of the cache's slots live: one arena of memory, page-aligned, in huge pages where
// the kernel has them. Pages become resident when a slot is first used.
#pragma once

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

private:
    size_t block_size_;
    size_t size_;
    std::byte* arena_;
};

}  // namespace s3b
