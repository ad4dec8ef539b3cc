// SPDX-License-Identifier: Apache-2.0
// What the flows of one volume share: the cache's decisions, the slots' bytes, the store, and the
// bound on background transfers.
#pragma once

#include <cstdint>

#include "cache/block_cache.h"
#include "codec/object_name.h"
#include "engine/memory_slots.h"
#include "engine/reactor/cpu_pool.h"
#include "engine/room.h"
#include "net/object_store.h"

namespace s3b {

/// How many uploads and read-aheads may be under way at once (blockCacheThreads).
class Places {
public:
    explicit Places(uint32_t limit) : free_(limit) {}
    bool any_free() const { return free_ > 0; }
    bool try_take() {
        if (free_ == 0) return false;
        --free_;
        return true;
    }
    void give_back() { ++free_; }

private:
    uint32_t free_;
};

/// Transfers of blocks, for the statistics file. Source: command-line.md 4.2, lines 1 to 4.
struct BlockCounters {
    uint64_t blocks_read = 0;
    uint64_t blocks_written = 0;
    uint64_t zero_blocks_read = 0;     // there was no object
    uint64_t zero_blocks_written = 0;  // the object was deleted
};

/// Belongs to the reactor's thread.
struct VolumeParts {
    VolumeParts(net::ObjectStore& object_store, Executor& cpu, codec::ObjectNames object_names,
                const cache::CacheSettings& settings)
        : geometry(settings.geometry),
          cache(settings),
          slots(cache::BlockCache::slots_for(settings), settings.geometry.block_size),
          store(object_store),
          executor(cpu),
          names(std::move(object_names)),
          places(settings.uploads) {}

    Geometry geometry;
    cache::BlockCache cache;
    MemorySlots slots;
    net::ObjectStore& store;
    Executor& executor;
    codec::ObjectNames names;
    Room room;
    Places places;
    WaitQueue background;  // who starts uploads and read-aheads waits here for places and work
    BlockCounters counters;
};

}  // namespace s3b
