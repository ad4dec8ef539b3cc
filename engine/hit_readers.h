// SPDX-License-Identifier: Apache-2.0
// Reads of cached blocks in threads beside the reactor, straight from the lock-free table.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cache/block_table.h"
#include "engine/hit_log.h"
#include "engine/memory_slots.h"
#include "fusell/volume_port.h"

namespace s3b {

/// One for each of those threads, and the logs by which the reactor hears of their hits. Belongs to
/// the reactor but for the readers themselves. The threads must have ended before it is destroyed.
class HitReaders {
public:
    HitReaders(uint32_t count, const Geometry& geometry, cache::BlockTable& table,
               const MemorySlots& slots);

    /// nullptr if there are not so many.
    fusell::HitReader* reader(uint32_t index);
    /// Calls `note(block, slot)` for each hit since the last call; `slot` may hold another block by
    /// now. Of each reader the oldest first. Returns how many.
    template <class Note>
    uint64_t take(Note note) {
        uint64_t taken = 0;
        for (const auto& reader : readers_) taken += reader->log.take(note);
        return taken;
    }

private:
    struct Reader final : fusell::HitReader {
        explicit Reader(HitReaders& readers) : owner(readers) {}
        bool read_hit(ByteOffset offset, std::span<std::byte> into) override;

        HitReaders& owner;
        HitLog log;
    };

    const Geometry geometry_;
    cache::BlockTable& table_;
    const MemorySlots& slots_;
    std::vector<std::unique_ptr<Reader>> readers_;
};

}  // namespace s3b
