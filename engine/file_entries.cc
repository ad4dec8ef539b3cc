// SPDX-License-Identifier: Apache-2.0
#include "engine/file_entries.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b {

namespace {
constexpr Error kFailed(Errc::Io, "the cache file has failed");
}

Task<Result<void>> FileEntries::load(BlockNumber block, std::span<std::byte> into) {
    const SlotIndex slot = map_.find(block).value();
    map_.pin(slot);
    const Result<void> loaded = co_await device_.read(map_.layout().slot_offset(slot), into);
    map_.unpin(slot);
    if (loaded.has_value()) map_.touch(block, Scheduler::current().now());
    freed_.wake_all();
    co_return loaded;
}

Task<Result<void>> FileEntries::write_entry(SlotIndex slot, const cache::FileEntryBytes& bytes) {
    const cache::FileEntryBytes kept = bytes;
    co_return co_await device_.write(map_.layout().entry_offset(slot), kept);
}

/// Whole granules: what lies around the range is as in the slot.
Task<Result<void>> FileEntries::write_slot(SlotIndex slot, std::span<const std::byte> bytes,
                                           cache::ByteRange range) {
    const uint64_t granule = std::min<uint64_t>(device_.granule(), bytes.size());
    const uint64_t begin = range.begin / granule * granule;
    const uint64_t end = std::min((range.end + granule - 1) / granule * granule, bytes.size());
    co_return co_await device_.write(map_.layout().slot_offset(slot) + begin,
                                     bytes.subspan(begin, end - begin));
}

Task<Result<void>> FileEntries::put_dirty(BlockNumber block, std::span<const std::byte> bytes,
                                          cache::ByteRange changed) {
    while (!is_settled(block)) {
        co_await freed_.wait();
    }
    if (given_up_) co_return kFailed;
    auto slot = map_.find(block);
    if (slot && map_.unverified(*slot)) {
        // Nobody knows whether its bytes are those of the store.
        CO_TRY_VOID(co_await drop(block));
        slot.reset();
    }
    const Instant now = Scheduler::current().now();
    const cache::FileEntryBytes entry = cache::encode_entry({block, std::nullopt, true});
    if (!slot) {
        CO_TRY(const bool taken, co_await take_slot(block, true));
        if (!taken) co_return ok();
        const SlotIndex fresh = *map_.find(block);
        CO_TRY_VOID(co_await write_slot(fresh, bytes, all_of(bytes)));
        CO_TRY_VOID(co_await durable());
        CO_TRY_VOID(co_await write_entry(fresh, entry));
        map_.settle(block, true, now);
        co_return ok();
    }
    if (map_.is_clean(*slot)) {
        map_.withdraw(block);
        CO_TRY_VOID(co_await write_entry(*slot, entry));
        CO_TRY_VOID(co_await durable());
        map_.settle(block, true, now);
    }
    co_return co_await write_slot(*slot, bytes, changed);
}

/// An entry for a block without a known ETag would be taken for zeros, one for a torn entry.
Task<Result<void>> FileEntries::write_clean_entry(BlockNumber block, ETag etag) {
    const SlotIndex slot = map_.find(block).value();
    if (!etag) {
        CO_TRY_VOID(co_await write_entry(slot, cache::kFreeEntry));
        CO_TRY_VOID(co_await durable());
        map_.release(block);
        freed_.wake_all();
        co_return ok();
    }
    const cache::FileEntryBytes entry = cache::encode_entry({block, etag, false});
    CO_TRY_VOID(co_await write_entry(slot, entry));
    map_.settle(block, false, Scheduler::current().now());
    freed_.wake_all();
    co_return ok();
}

Task<Result<void>> FileEntries::drop(BlockNumber block) {
    while (!is_settled(block)) {
        co_await freed_.wait();
    }
    if (given_up_) co_return kFailed;
    const auto slot = map_.find(block);
    if (!slot) co_return ok();
    map_.withdraw(block);
    CO_TRY_VOID(co_await write_entry(*slot, cache::kFreeEntry));
    CO_TRY_VOID(co_await durable());
    co_await device_.punch(map_.layout().slot_offset(*slot), map_.layout().block_size.value);
    map_.release(block);
    freed_.wake_all();
    co_return ok();
}

/// Whether `block` is not just being evicted, and nobody reads its slot.
bool FileEntries::is_settled(BlockNumber block) const {
    const auto slot = map_.find(block);
    const bool readable = slot && (map_.is_clean(*slot) || map_.is_dirty(*slot));
    return given_up_ || !slot || (readable && !map_.pinned(*slot));
}

/// False if there is none and it is not worth to wait.
Task<Result<bool>> FileEntries::take_slot(BlockNumber block, bool patient) {
    for (;;) {
        if (given_up_) co_return kFailed;
        if (!patient && map_.find(block)) co_return false;
        if (map_.take(block)) co_return true;
        if (evicting_) {
            co_await freed_.wait();
            continue;
        }
        CO_TRY(const bool evicted, co_await evict_some());
        if (evicted) continue;
        if (!patient || !memory_.is_unstored(block)) co_return false;
        co_await freed_.wait();
    }
}

/// False if no block may leave.
Task<Result<bool>> FileEntries::evict_some() {
    const Instant now = Scheduler::current().now();
    const uint32_t part = map_.layout().slots.value / kEvictedPart;
    std::vector<BlockNumber> victims;
    while (victims.size() < std::clamp(part, 1U, kEvictedAtOnce)) {
        const auto victim =
            map_.pick_victim([this](BlockNumber other) { return memory_.is_hot(other); }, now);
        if (!victim) break;
        victims.push_back(*victim);
    }
    if (victims.empty()) co_return false;
    evicting_ = true;
    Result<void> evicted;
    for (size_t i = 0; i < victims.size() && evicted.has_value(); ++i) {
        evicted = co_await write_entry(*map_.find(victims[i]), cache::kFreeEntry);
    }
    if (evicted.has_value()) {
        evicted = co_await durable();
    }
    evicting_ = false;
    if (!evicted.has_value()) co_return evicted.error();
    for (const BlockNumber victim : victims) map_.release(victim);
    freed_.wake_all();
    co_return true;
}

void FileEntries::give_up() {
    given_up_ = true;
    freed_.wake_all();
}

}  // namespace s3b
