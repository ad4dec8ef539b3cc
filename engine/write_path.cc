// SPDX-License-Identifier: Apache-2.0
// How Volume writes: into the cache, at once where there is room. The store hears of it later
// (writeback), or before the request ends where that is asked for (blockCacheSync).
#include <algorithm>
#include <cstring>

#include "codec/zeros.h"
#include "engine/volume.h"

namespace s3b {

using Plan = cache::WritePlan;

bool Volume::Source::all_zero(cache::ByteRange range) const {
    return bytes == nullptr || codec::all_zero({bytes, range.end - range.begin});
}

void Volume::Source::copy_to(std::span<std::byte> into) const {
    if (bytes == nullptr) {
        std::ranges::fill(into, std::byte{0});
    } else {
        // Not ranges::copy_n: from a pointer into a span it is a loop of single bytes in g++ 12.
        std::memcpy(into.data(), bytes, into.size());
    }
}

bool Volume::write_at_once(ByteOffset offset, std::span<const std::byte> from) {
    const Piece piece = piece_at(offset, from.size());
    if (read_only_ || piece.range.end - piece.range.begin != from.size()) return false;
    if (!write_now(piece, Source{from.data()})) return false;
    write_times_.record(Duration::zero());
    wake_up_if_due();
    return true;
}

Task<Result<void>> Volume::write(ByteOffset offset, std::span<const std::byte> from) {
    const Timed timed(write_times_);
    co_return co_await write_all(offset, from.size(), from.data());
}

Task<Result<void>> Volume::zero(ByteOffset offset, ByteCount length) {
    if (read_only_) co_return Error(Errc::ReadOnly, "mounted with --readOnly");
    const Timed timed(discard_times_);
    const uint64_t block_size = parts_.geometry.block_size.value;
    const uint64_t end = offset.value + length.value;
    const uint64_t first = (offset.value + block_size - 1) / block_size;
    const uint64_t last = end / block_size;  // excluded
    if (first >= last) co_return co_await write_all(offset, length.value, nullptr);
    const uint64_t head = first * block_size - offset.value;
    CO_TRY_VOID(co_await write_all(offset, head, nullptr));
    const cache::BlockRange whole{first, last - first};
    CO_TRY_VOID(co_await discard(whole));
    const ByteOffset tail(last * block_size);
    co_return co_await write_all(tail, end - tail.value, nullptr);
}

/// Makes whole blocks zeros, a part after the other so that others can run.
Task<Result<void>> Volume::discard(cache::BlockRange range) {
    while (range.count > 0) {
        while (parts_.cache.closed_unstored()) {  // its deletions would overtake that
            CO_TRY_VOID(co_await writeback_.stored_up_to(parts_.cache.closed_epoch()));
        }
        const bool many_entries = parts_.cache.entries() > kDiscardedATurn;
        const uint64_t turn = many_entries ? kLookedForATurn : kDiscardedATurn;
        const uint64_t part = std::min(range.count, turn);
        parts_.cache.discard({range.first, part}, Scheduler::current().now());
        if (parts_.file) parts_.file->zeroed({range.first, part});
        parts_.room.changed();
        range = {range.first + part, range.count - part};
        if (range.count > 0) {
            co_await yield();
        }
    }
    wake_up_if_due();
    if (!config_.sync) co_return ok();
    co_return co_await write_back();
}

Task<Result<void>> Volume::write_all(ByteOffset offset, uint64_t length, const std::byte* from) {
    if (read_only_) co_return Error(Errc::ReadOnly, "mounted with --readOnly");
    TaskGroup group;
    Failure failure;
    size_t done_at_once = 0;
    while (length > 0) {
        const Piece piece = piece_at(offset, length);
        const ByteCount written(piece.range.end - piece.range.begin);
        if (!write_now(piece, Source{from})) {
            if (group.running() >= kPiecesAtOnce) {
                co_await group.join();
            }
            group.spawn(write_later(piece, Source{from}, failure));
        } else if (++done_at_once % kPiecesATurn == 0) {
            wake_up_if_due();
            co_await yield();
        }
        if (from != nullptr) from += written.value;
        offset = offset + written;
        length -= written.value;
    }
    wake_up_if_due();
    if (group.running() > 0) {
        co_await group.join();
    }
    if (failure) co_return *failure;
    co_return ok();
}

/// True if the piece is in the cache now, and nothing else has to be waited for.
bool Volume::write_now(const Piece& piece, Source source) {
    if (config_.sync || parts_.file) return false;
    if (parts_.room.writes().occupied() && needs_room(piece.block)) return false;
    const Plan plan = plan_write(piece, source);
    if (plan.kind == Plan::Kind::Apply) apply(piece, source, plan);
    return plan.kind == Plan::Kind::Apply || plan.kind == Plan::Kind::Done;
}

Task<void> Volume::write_later(Piece piece, Source source, Failure& failure) {
    const Result<void> result = co_await write_piece(piece, source);
    if (!result.has_value() && !failure) failure = result.error();
}

Task<Result<void>> Volume::write_piece(Piece piece, Source source) {
    Room::Turn turn(parts_.room.writes());
    if (parts_.room.writes().occupied() && needs_room(piece.block)) {
        co_await turn.wait();
    }
    for (;;) {
        const Plan plan = plan_write(piece, source);
        if (plan.kind == Plan::Kind::Done) break;
        if (plan.kind == Plan::Kind::Apply) {
            apply(piece, source, plan);
            break;
        }
        if (plan.kind == Plan::Kind::FillFirst) {
            CO_TRY_VOID(co_await fill_first(piece.block, turn));
        } else if (plan.kind == Plan::Kind::WaitStored) {
            CO_TRY_VOID(co_await writeback_.stored_up_to(parts_.cache.closed_epoch()));
        } else {
            co_await turn.wait(parts_.cache.pin_was_in_the_way());
        }
    }
    turn.leave();
    wake_up_if_due();
    const uint64_t version = parts_.cache.version();
    if (config_.sync) co_return co_await writeback_.stored(piece.block, version);
    if (parts_.file) co_return co_await kept(piece.block, version);
    co_return ok();
}

/// Fetches the rest of a block that was written in too many pieces. The caller then looks again.
Task<Result<void>> Volume::fill_first(BlockNumber block, Room::Turn& turn) {
    using cache::BlockState;
    const BlockState state = parts_.cache.state(block);
    if (state == BlockState::Filling) co_return co_await fetcher_.join(block, Fetcher::Wanted());
    if (state != BlockState::Partial) co_return ok();
    const auto slot = parts_.cache.begin_fetch(block, cache::BlockCache::Need::Client,
                                               Scheduler::current().now());
    if (slot) co_return co_await fetcher_.fetch_now(block, *slot, Fetcher::Wanted());
    co_await turn.wait(parts_.cache.pin_was_in_the_way());
    co_return ok();
}

Plan Volume::plan_write(const Piece& piece, Source source) {
    const bool whole = piece.range.end - piece.range.begin == parts_.geometry.block_size.value;
    // Looking for zeros pays where they need not be kept.
    const bool zeros = (whole || parts_.cache.is_zero(piece.block)) && source.all_zero(piece.range);
    const bool waited = parts_.cache.deletions().waits(piece.block);
    const Plan plan =
        parts_.cache.begin_write(piece.block, piece.range, zeros, Scheduler::current().now());
    if (waited && plan.kind == Plan::Kind::Apply) writeback_.deletions_dropped();
    if (plan.kind == Plan::Kind::Done) {
        parts_.room.changed();  // zeros need no slot any more
        if (parts_.file) parts_.file->zeroed({piece.block.value, 1});
    }
    return plan;
}

void Volume::apply(const Piece& piece, Source source, const Plan& plan) {
    const std::span<std::byte> slot = parts_.slots.bytes(plan.slot);
    if (plan.freeze_from) {
        std::ranges::copy(parts_.slots.bytes(*plan.freeze_from),
                          parts_.frozen.bytes(SlotIndex(plan.freeze_into)).begin());
    }
    if (plan.copy_from) std::ranges::copy(parts_.slots.bytes(*plan.copy_from), slot.begin());
    if (plan.zero_rest) std::ranges::fill(slot, std::byte{0});
    source.copy_to(slot.subspan(piece.range.begin, piece.range.end - piece.range.begin));
    parts_.cache.end_write(piece.block);
    if (!parts_.file) return;
    const cache::ByteRange whole{0, static_cast<uint32_t>(slot.size())};
    parts_.file->wrote(piece.block, plan.zero_rest ? whole : piece.range);
}

/// Whether a write of `block` makes another block dirty; the others always pass.
bool Volume::needs_room(BlockNumber block) const {
    using cache::BlockState;
    const BlockState state = parts_.cache.state(block);
    return state == BlockState::Absent || state == BlockState::Clean ||
           state == BlockState::Reading;
}

}  // namespace s3b
