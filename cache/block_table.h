// SPDX-License-Identifier: Apache-2.0
// Sharded lock-free index BlockNumber -> slot. One writer (the reactor); any thread may look up and
// pin. The one place with memory orders: each names the one that it pairs with.
//
// A slot is described by one 64-bit word that contains the number of its block:
//   [63..32 block][31..24 version][14 unread][13..4 pins][3..0 state]
// A reader pins by a compare-and-swap of that word, which so checks that the slot still holds the
// block: a slot that was given to another block can never be pinned by mistake, and a pinned one is
// never reused. Slots are static memory, so nothing needs to be reclaimed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/types.h"

namespace s3b::cache {

/// What a reader may do with a slot's bytes.
enum class SlotUse : uint8_t {
    Free,     // nobody's
    Private,  // the owner's alone: being filled or changed, or partly unknown
    Dirty,    // readable: whole, and stable while pinned; newer than the store
    Clean,    // readable, and equal to the store
};

constexpr bool is_readable(SlotUse use) { return use == SlotUse::Dirty || use == SlotUse::Clean; }

/// The table. Memory a slot: 8 bytes word, 5.3 to 10.7 bytes index, and as much again in the
/// smaller indexes that it grew out of (readers may still be in them). All calls but try_pin and
/// unpin belong to the owner.
class BlockTable {
public:
    /// Room for `slots` slots, none in use. At most 2^32 - 2.
    explicit BlockTable(SlotCount slots);
    ~BlockTable();
    BlockTable(const BlockTable&) = delete;
    BlockTable& operator=(const BlockTable&) = delete;

    /// A pinned slot: its bytes do not change and it is not reused until the pin is gone.
    class Pin {
    public:
        Pin() = default;
        Pin(Pin&& other) noexcept : table_(other.table_), slot_(other.slot_) {
            other.table_ = nullptr;
        }
        Pin& operator=(Pin&&) = delete;
        ~Pin() {
            if (table_ != nullptr) table_->unpin(slot_);
        }
        explicit operator bool() const { return table_ != nullptr; }
        SlotIndex slot() const { return slot_; }

    private:
        friend class BlockTable;
        Pin(BlockTable& table, SlotIndex slot) : table_(&table), slot_(slot) {}
        BlockTable* table_ = nullptr;
        SlotIndex slot_;
    };

    /// Thread-safe, lock-free, wait-free but for contention on one slot. An empty pin is a hint
    /// only: the owner's find() is exact. Empty also when 1000 readers hold the slot.
    Pin try_pin(BlockNumber block);

    /// The slot indexed for `block`.
    std::optional<SlotIndex> find(BlockNumber block) const;
    /// Makes `slot`, which must be Private and hold no indexed block, the slot of `block`.
    /// `block` must not be indexed.
    void insert(BlockNumber block, SlotIndex slot, SlotUse use);
    /// Takes `block` out of the index. Its slot becomes Private (pins stay).
    void erase(BlockNumber block);
    /// Whose bytes `slot` holds. Only for slots that are not free.
    BlockNumber block_of(SlotIndex slot) const;

    SlotUse use_of(SlotIndex slot) const;
    /// Readable -> Private if nobody holds it; from then on no reader can. True if the slot is
    /// Private and not pinned afterwards.
    bool try_make_private(SlotIndex slot);
    /// Publishes the bytes written before; or turns Dirty into Clean. `use` must be readable.
    void make_readable(SlotIndex slot, SlotUse use);
    /// Holds the bytes of `slot` for the owner itself (an upload). Release with unpin().
    void pin(SlotIndex slot);
    void unpin(SlotIndex slot);  // thread-safe
    bool pinned(SlotIndex slot) const;
    /// Remembers of `slot`, which holds a block, that nobody has asked for its bytes yet. Forgotten
    /// with the next insert(). It is a bit of the slot's word: no memory, and no further look-up.
    void set_unread(SlotIndex slot);
    /// Whether it was set.
    bool clear_unread(SlotIndex slot);
    /// Private and not pinned -> Free.
    void set_free(SlotIndex slot);
    /// Free -> Private.
    void set_taken(SlotIndex slot);

    SlotCount slots() const { return slots_; }
    size_t size() const { return size_; }
    /// Bytes of memory that index and words take up, retired index memory included.
    size_t memory() const;

private:
    static constexpr uint32_t kEmpty = ~uint32_t{0};
    /// A shard's index doubles when it is fuller than this, which moves at most this many entries
    /// in one go (under a millisecond): why there are shards at all.
    static constexpr uint32_t kShardEntries = 32768;

    struct Index {
        explicit Index(uint32_t n);
        uint32_t capacity;
        std::unique_ptr<std::atomic<uint32_t>[]> entries;  // slot numbers, kEmpty = free
    };
    struct Shard {
        std::atomic<Index*> index{nullptr};
        std::vector<std::unique_ptr<Index>>
            all;  // the last is current; readers may be in the others
        uint32_t used = 0;
    };

    static uint64_t hash(BlockNumber block);
    Shard& shard_of(uint64_t hash_value) { return shards_[hash_value & (shard_count_ - 1)]; }
    const Shard& shard_of(uint64_t hash_value) const {
        return shards_[hash_value & (shard_count_ - 1)];
    }
    static uint32_t home(const Index& index, uint64_t hash_value);
    void place(Index& index, BlockNumber block, uint32_t slot);
    void grow(Shard& shard);
    std::optional<uint32_t> position_of(const Index& index, BlockNumber block) const;
    uint64_t load(SlotIndex slot) const;

    SlotCount slots_;
    uint32_t shard_count_;
    std::unique_ptr<Shard[]> shards_;
    std::atomic<uint64_t>* words_;  // one anonymous mapping: pages become resident on first use
    size_t size_ = 0;
};

}  // namespace s3b::cache
