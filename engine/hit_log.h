// SPDX-License-Identifier: Apache-2.0
// What a thread beside the reactor has answered from the cache, for the reactor to note.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"

namespace s3b {

/// A bounded queue: one thread adds, the reactor takes. Wait-free.
class HitLog {
public:
    static constexpr uint64_t kEntries = 4096;

    // The adding thread's.
    bool full() const {
        // acquire: pairs with the release of take(), which has read the entry
        return added_.load(std::memory_order_relaxed) - taken_.load(std::memory_order_acquire) ==
               kEntries;
    }
    /// Must not be full.
    void add(BlockNumber block, SlotIndex slot) {
        const uint64_t at = added_.load(std::memory_order_relaxed);
        entries_[at % kEntries] = {block, slot};
        added_.store(at + 1, std::memory_order_release);  // pairs with the acquire of take()
    }

    /// The reactor's: calls `note(block, slot)` for each entry, oldest first. Returns how many.
    template <class Note>
    uint64_t take(Note note) {
        const uint64_t begin = taken_.load(std::memory_order_relaxed);
        const uint64_t end = added_.load(std::memory_order_acquire);  // pairs with add()
        if (begin == end) return 0;
        for (uint64_t at = begin; at != end; ++at) {
            const Entry& entry = entries_[at % kEntries];
            note(entry.block, entry.slot);
        }
        taken_.store(end, std::memory_order_release);  // pairs with full()
        return end - begin;
    }

private:
    struct Entry {
        BlockNumber block;
        SlotIndex slot;
    };
    static constexpr size_t kCacheLine = 64;
    std::array<Entry, kEntries> entries_;
    alignas(kCacheLine) std::atomic<uint64_t> added_{0};
    alignas(kCacheLine) std::atomic<uint64_t> taken_{0};
};

}  // namespace s3b
