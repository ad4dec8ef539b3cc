// SPDX-License-Identifier: Apache-2.0
// Slots and directory entries of the cache file, changed in the order that survives crashes:
//   data before the entry that names them, and durable before it is written;
//   an entry that says "dirty", or nothing, durable before the bytes that it spoke of change.
// So an entry is never on disk before what it promises. Source: cache-and-consistency.md 3.7, 3.8,
// 3.13.
#pragma once

#include <optional>
#include <span>

#include "cache/file_map.h"
#include "cache/range_set.h"
#include "engine/group_sync.h"
#include "engine/reactor/sync.h"
#include "engine/slot_device.h"

namespace s3b {

/// No two calls for one block may overlap, but for load(). Belongs to the reactor's thread. Errors
/// are those of the device; the block's slot is then in no defined state.
class FileEntries {
public:
    /// What it has to know of the memory.
    class Memory {
    public:
        /// Whether `block` is in memory: rather not evict it from the file.
        virtual bool is_hot(BlockNumber block) const = 0;
        /// Whether `block` is not stored yet: its bytes are worth waiting for a slot.
        virtual bool is_unstored(BlockNumber block) const = 0;

    protected:
        ~Memory() = default;
    };
    FileEntries(SlotDevice& device, cache::FileMap& map, const Memory& memory)
        : device_(device), map_(map), memory_(memory), sync_(device) {}

    /// Reads the slot of `block`, which must be clean or dirty.
    Task<Result<void>> load(BlockNumber block, std::span<std::byte> into);
    /// Makes `bytes`, of which only `changed` differ from what the slot has if there is one, the
    /// dirty content of `block`. Waits for a slot as long as it takes, or until the block is
    /// stored: then it may have none. `bytes` must not change.
    Task<Result<void>> put_dirty(BlockNumber block, std::span<const std::byte> bytes,
                                 cache::ByteRange changed);
    /// Makes `bytes` the clean content of `block`, which has no slot; `written()` tells that they
    /// are not needed any more, `wanted()` is asked before the entry is written. No slot to be had:
    /// nothing happens. Nobody should wait for it: it has no sync of its own.
    template <class Written, class Wanted>
    Task<Result<void>> put_clean(BlockNumber block, std::span<const std::byte> bytes, ETag etag,
                                 Written written, Wanted wanted);
    /// The dirty content of `block` is stored: its entry becomes clean; `wanted()` as before.
    template <class Wanted>
    Task<Result<void>> mark_clean(BlockNumber block, ETag etag, Wanted wanted);
    /// Frees the slot of `block`, if it has one.
    Task<Result<void>> drop(BlockNumber block);
    /// Ends when all that has ended is durable.
    Task<Result<void>> durable() { return sync_.durable(); }
    Task<void> join() { return sync_.join(); }
    uint64_t syncs() const { return sync_.done(); }
    /// is_unstored() may have changed.
    void memory_changed() { freed_.wake_all(); }
    /// A failure was seen: whoever waits for a slot gives up.
    void give_up();
    /// Somebody waits for what put_clean() leaves for later.
    void sync_now() { sync_.sync_now(); }
    /// Nothing more is left for later.
    void hurry() { sync_.hurry(); }

private:
    /// So many blocks, or this part of all slots, make room together: one sync for all.
    static constexpr uint32_t kEvictedAtOnce = 64;
    static constexpr uint32_t kEvictedPart = 16;

    Task<Result<bool>> take_slot(BlockNumber block, bool patient);
    Task<Result<bool>> evict_some();
    Task<Result<void>> write_entry(SlotIndex slot, const cache::FileEntryBytes& bytes);
    Task<Result<void>> write_clean_entry(BlockNumber block, ETag etag);
    Task<Result<void>> write_slot(SlotIndex slot, std::span<const std::byte> bytes,
                                  cache::ByteRange range);
    bool is_settled(BlockNumber block) const;
    static cache::ByteRange all_of(std::span<const std::byte> bytes) {
        return {0, static_cast<uint32_t>(bytes.size())};
    }

    SlotDevice& device_;
    cache::FileMap& map_;
    const Memory& memory_;
    GroupSync sync_;
    WaitQueue freed_;  // a slot became free or clean
    bool evicting_ = false;
    bool given_up_ = false;
};

template <class Written, class Wanted>
Task<Result<void>> FileEntries::put_clean(BlockNumber block, std::span<const std::byte> bytes,
                                          ETag etag, Written written, Wanted wanted) {
    const Result<bool> taken = co_await take_slot(block, false);
    Result<void> copied;
    if (taken.has_value() && *taken) {
        copied = co_await write_slot(*map_.find(block), bytes, all_of(bytes));
    }
    written();
    if (!taken.has_value()) co_return taken.error();
    if (!*taken || !copied.has_value()) co_return copied;
    if (wanted()) {
        CO_TRY_VOID(co_await sync_.durable_soon());
    }
    if (wanted()) co_return co_await write_clean_entry(block, etag);
    map_.release(block);
    freed_.wake_all();
    co_return ok();
}

template <class Wanted>
Task<Result<void>> FileEntries::mark_clean(BlockNumber block, ETag etag, Wanted wanted) {
    CO_TRY_VOID(co_await durable());
    while (!is_settled(block)) {
        co_await freed_.wait();
    }
    if (given_up_ || !wanted()) co_return ok();
    map_.withdraw(block);  // what is written from now on must not be taken for marked as dirty
    co_return co_await write_clean_entry(block, etag);
}

}  // namespace s3b
