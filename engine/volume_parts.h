// SPDX-License-Identifier: Apache-2.0
// What the flows of one volume share: the cache's decisions, the slots' bytes, the store, and who
// may transfer when.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "cache/block_cache.h"
#include "codec/block_codec.h"
#include "codec/object_name.h"
#include "engine/file_tier.h"
#include "engine/memory_slots.h"
#include "engine/reactor/cpu_pool.h"
#include "engine/room.h"
#include "engine/scratch.h"
#include "engine/written_blocks.h"
#include "net/object_store.h"

namespace s3b {

/// Transfers of blocks, for the statistics file. Source: command-line.md 4.2, lines 1 to 4; ours.
struct BlockCounters {
    uint64_t blocks_read = 0;
    uint64_t blocks_written = 0;
    uint64_t zero_blocks_read = 0;     // there was no object
    uint64_t zero_blocks_written = 0;  // the object was deleted
    uint64_t read_ahead = 0;           // of the first and the third: before a client asked for them
};

/// What a volume works with; all of it outlives the volume.
struct VolumeNeeds {
    net::ObjectStore& store;
    Executor& executor;
    net::TransferScheduler& scheduler;
    codec::BlockCodec& codec;
    const FileTierNeeds* file = nullptr;  // none: no cache file
};

/// Belongs to the reactor's thread.
struct VolumeParts {
    /// As many transfers as there usually are.
    static constexpr size_t kKeptScratch = 24;

    VolumeParts(const VolumeNeeds& needs, codec::ObjectNames object_names,
                const cache::CacheSettings& settings, const ConsistencySettings& consistency,
                size_t transfers)
        : geometry(settings.geometry),
          cache(settings),
          slots(cache::BlockCache::slots_for(settings), settings.geometry.block_size),
          frozen(SlotCount(std::max(cache::BlockCache::frozen_for(settings), 1U)),
                 settings.geometry.block_size),
          store(needs.store),
          executor(needs.executor),
          scheduler(needs.scheduler),
          codec(needs.codec),
          scratch(ByteCount(codec.capacity()), kKeptScratch, transfers),
          names(std::move(object_names)),
          written(consistency) {
        if (needs.file != nullptr) file.emplace(cache, slots, room, *needs.file);
    }

    Geometry geometry;
    cache::BlockCache cache;
    MemorySlots slots;
    MemorySlots frozen;  // older versions of blocks that are to be sent first
    net::ObjectStore& store;
    Executor& executor;
    net::TransferScheduler& scheduler;
    codec::BlockCodec& codec;
    ScratchPool scratch;
    codec::ObjectNames names;
    WrittenBlocks written;
    Room room;
    std::optional<FileTier> file;
    WaitQueue background;  // who starts uploads and read-aheads waits here for places and work
    BlockCounters counters;
};

}  // namespace s3b
