// SPDX-License-Identifier: Apache-2.0
// What goes into the block cache and comes out of it: settings, counters, answers. Plain data.
#pragma once

#include <cstdint>
#include <optional>

#include "cache/eviction_policy.h"
#include "engine/base/types.h"

namespace s3b::cache {

struct CacheSettings {
    Geometry geometry;
    uint32_t size = 0;       // blocks cached at the most, at least 1
    uint32_t uploads = 0;    // uploads under way at the most, at least 1
    uint32_t readers = 0;    // threads that read beside the owner: each may hold a slot
    uint32_t max_dirty = 0;  // 0 = no limit but the size
    Duration write_delay{};  // a block stays dirty for so long at the most before its upload
    Duration timeout{};      // clean blocks unused for so long may be dropped; 0 = never
    EvictionPolicy policy = EvictionPolicy::Lru;
    uint32_t protected_blocks = 0;  // clean blocks with a number below are evicted last
    bool keep_clean = true;  // false: a block leaves the cache as soon as it is clean and read
    bool objects_must_stay = false;  // must_exist() may be true
    bool trust_surveys = true;       // a survey may tell that a deletion is not needed any more
    uint32_t dirty_capacity = 0;     // blocks that can be dirty, with a backing; 0: `size`
    bool remember_zeros = true;  // false: that a block is zeros only as long as it is not stored
    bool ordered = false;        // what was written before close_epoch() is stored first
};

/// A lower tier (the cache file) that keeps bytes of blocks which leave the memory.
class Backing {
public:
    /// Whether it has the newest bytes of `block`, which is dirty.
    virtual bool holds(BlockNumber block) const = 0;
    /// `block`, which was clean, has left the memory.
    virtual void left(BlockNumber block) = 0;

protected:
    ~Backing() = default;
};

/// Counters of the statistics file. Source: command-line.md 4.2, cache-and-consistency.md 2.17.
struct CacheCounters {
    uint64_t read_hits = 0;
    uint64_t read_misses = 0;
    uint64_t write_hits = 0;
    uint64_t write_misses = 0;
    uint64_t zero_read_hits = 0;   // reads answered by the zero map
    uint64_t zero_write_hits = 0;  // zero writes that changed nothing
    uint64_t unused_blocks = 0;    // fetched ahead, and dropped or overwritten unread
};

/// Where a client read finds its bytes.
struct Found {
    enum class Kind {
        Hit,    // in `slot`
        Zero,   // they are zeros
        Fetch,  // nowhere: begin_fetch, download, then look again
        Join,   // a download is under way: wait for its end, then look again
    };
    Kind kind;
    SlotIndex slot;
    bool ahead = false;  // Hit, Join: a fetch of Need::Ahead; this is the first read of it
};

/// What a client write has to do.
struct WritePlan {
    enum class Kind {
        Done,        // nothing: zeros that need no bytes
        Apply,       // prepare `slot` as told, copy the bytes in, then end_write()
        WaitSpace,   // no slot, or too many dirty blocks: wait for a change, then begin anew
        FillFirst,   // too many pieces: download the block (or wait for that), then begin anew
        WaitStored,  // wait until its writes of closed epochs are stored, then begin anew
    };
    Kind kind;
    SlotIndex slot;
    std::optional<SlotIndex> copy_from = std::nullopt;  // first copy the whole block from there
    bool zero_rest = false;                             // first zero the whole block
    /// Before all else copy the whole block from its old slot into a buffer for frozen blocks.
    std::optional<SlotIndex> freeze_from = std::nullopt;
    uint32_t freeze_into = 0;
};

/// An older version of a block, whose turn it is to be sent.
struct FrozenBlock {
    BlockNumber block;
    SlotIndex buffer;
};

}  // namespace s3b::cache
