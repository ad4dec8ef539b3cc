// SPDX-License-Identifier: Apache-2.0
// Lock-free index BlockNumber -> slot. One writer (the reactor); any thread may look up and
// pin. The one place with memory orders: each names the one that it pairs with.
//
// A slot is described by one 64-bit word that contains the number of its block:
//   [63..32 block][31..24 version][14 unread][13..4 pins][3..0 state]
// A reader pins by a compare-and-swap of that word, which so checks that the slot still holds the
// block: a slot that was given to another block can never be pinned by mistake, and a pinned one is
// never reused. Slots and index are memory that never moves, so nothing needs to be reclaimed.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "cache/lazy_array.h"
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

/// The table. Memory a slot: 8 bytes word and 5.4 bytes index, which become resident as they are
/// used. All calls but try_pin, unpin and unread belong to the
/// owner.
class BlockTable {
public:
    /// Room for `slots` slots, none in use. At most 2^32 - 2.
    explicit BlockTable(SlotCount slots);
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
    /// Whose bytes `slot` holds; of slots that are free or being filled, some block.
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
    /// Thread-safe, of a slot that the caller has pinned.
    bool unread(SlotIndex slot) const { return (load(slot) & kUnread) != 0; }
    /// Private and not pinned -> Free.
    void set_free(SlotIndex slot);
    /// Free -> Private.
    void set_taken(SlotIndex slot);

    SlotCount slots() const { return slots_; }
    size_t size() const { return size_; }
    /// Bytes of address space that index and words take up.
    size_t memory_bytes() const { return words_.memory_bytes() + index_.memory_bytes(); }
    /// Entries of the index for so many slots: it is three quarters full at the most.
    static constexpr size_t entries_for(SlotCount slots) {
        return size_t{slots.value} + slots.value / 3 + 2;
    }

private:
    static constexpr uint64_t kUnread = uint64_t{1} << 14;
    static constexpr uint32_t kEmpty = 0;  // an entry; else the number of a slot plus one

    static uint64_t hash(BlockNumber block);
    size_t home(BlockNumber block) const;
    size_t after(size_t position) const { return position + 1 == index_.size() ? 0 : position + 1; }
    std::optional<size_t> position_of(BlockNumber block) const;
    uint64_t load(SlotIndex slot) const;

    SlotCount slots_;
    LazyArray<std::atomic<uint64_t>> words_;  // zero pages are words of free slots
    LazyArray<std::atomic<uint32_t>> index_;  // open addressing, linear probing
    size_t size_ = 0;
};

}  // namespace s3b::cache
