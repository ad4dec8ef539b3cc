// SPDX-License-Identifier: Apache-2.0
// What the slots of the cache file hold, in memory, and which clean block leaves it next. It does
// no I/O: the flows of engine/file_tier keep file and map in line.
#pragma once

#include <optional>
#include <vector>

#include "cache/bit_map.h"
#include "cache/block_table.h"
#include "cache/eviction.h"
#include "cache/file_format.h"
#include "cache/slot_list.h"
#include "engine/base/check.h"

namespace s3b::cache {

struct FileMapSettings {
    FileLayout layout;
    EvictionPolicy policy = EvictionPolicy::Lru;
    uint32_t protected_blocks = 0;
    bool verify = true;  // loaded clean blocks are to be compared with the store before their use
};

/// Belongs to the reactor.
class FileMap {
public:
    /// Memory for each slot at the most: table 13.4, links 8, marks 4, ghosts 3.6, and the ETag
    /// while loaded blocks are not verified.
    static constexpr size_t kBytesPerSlot = 48;

    explicit FileMap(const FileMapSettings& settings);

    /// Takes over an entry of an existing file; slots in rising order. False: the slot stays free,
    /// because the block is beyond `blocks`, listed already, or cannot be verified.
    bool load(SlotIndex slot, const FileEntry& entry, BlockCount blocks);

    std::optional<SlotIndex> find(BlockNumber block) const { return table_.find(block); }
    bool is_clean(SlotIndex slot) const { return table_.use_of(slot) == SlotUse::Clean; }
    bool is_dirty(SlotIndex slot) const { return table_.use_of(slot) == SlotUse::Dirty; }
    /// The ETag with which a loaded block is to be verified; nullopt: it needs not.
    ETag unverified(SlotIndex slot) const;
    void set_verified(SlotIndex slot);
    uint64_t unverified_blocks() const { return unverified_count_; }
    /// The blocks that are not verified, as far as `most`, from slot `from` on.
    std::vector<BlockNumber> unverified_from(SlotIndex from, size_t most) const;

    /// A free slot for `block`, which must have none. From now on it is the block's, but neither
    /// clean nor dirty before settle().
    std::optional<SlotIndex> take(BlockNumber block);
    /// The slot of `block` is clean or dirty from now on.
    void settle(BlockNumber block, bool dirty, Instant now);
    /// The clean `block` was used.
    void touch(BlockNumber block, Instant now);
    /// Picks a clean block to make room; its slot stays the block's, neither clean nor dirty, until
    /// release(). `spare(block)`: rather not this one.
    template <class Spare>
    std::optional<BlockNumber> pick_victim(Spare spare, Instant now);
    /// The slot of `block`, which nobody reads, is neither clean nor dirty from now on.
    void withdraw(BlockNumber block);
    /// The slot of `block`, which is neither clean nor dirty, becomes free.
    void release(BlockNumber block);

    /// While its slot is read, `block` is no victim.
    void pin(SlotIndex slot) { table_.pin(slot); }
    void unpin(SlotIndex slot) { table_.unpin(slot); }
    bool pinned(SlotIndex slot) const { return table_.pinned(slot); }
    /// The blocks of a range that have a slot.
    std::vector<BlockNumber> blocks_in(BlockRange range) const;

    const FileLayout& layout() const { return settings_.layout; }
    uint64_t dirty() const { return dirty_; }
    uint64_t used() const { return table_.size(); }
    bool has_free_slot() const {
        return !free_.empty() || never_used_ < settings_.layout.slots.value;
    }
    /// Calls `visit(block)` for each dirty one.
    template <class Visit>
    void for_dirty(Visit visit) const {
        for (uint32_t n = 0; n < never_used_; ++n) {
            if (is_dirty(SlotIndex(n))) visit(table_.block_of(SlotIndex(n)));
        }
    }

private:
    static constexpr int kSparedAtOnce = 16;
    std::optional<SlotIndex> next_free();

    FileMapSettings settings_;
    BlockTable table_;
    SlotLinks links_;
    SlotList free_;
    EvictionOrder order_;
    uint32_t never_used_ = 0;
    uint64_t dirty_ = 0;
    std::vector<Md5> unverified_;  // by slot; all zero: verified. Empty once all are
    uint64_t unverified_count_ = 0;
};

template <class Spare>
std::optional<BlockNumber> FileMap::pick_victim(Spare spare, Instant now) {
    int spared = 0;
    for (;;) {
        const auto slot = order_.take_victim([this](SlotIndex s) { return !table_.pinned(s); });
        if (!slot) return std::nullopt;
        const BlockNumber block = table_.block_of(*slot);
        if (spared < kSparedAtOnce && spare(block)) {
            ++spared;
            order_.touch(*slot, block, now);
            continue;
        }
        order_.evict(*slot, block);
        set_verified(*slot);
        CHECK(table_.try_make_private(*slot));
        return block;
    }
}

}  // namespace s3b::cache
