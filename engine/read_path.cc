// SPDX-License-Identifier: Apache-2.0
// How Volume reads: what is cached is copied at once, the other blocks of the request are fetched
// all together.
#include <algorithm>
#include <cstring>

#include "engine/volume.h"

namespace s3b {

using Kind = cache::Found::Kind;

/// What hit readers have found counts for the cache and for the read-ahead as if it had been read
/// here.
void Volume::hear_of_hits() {
    const Instant now = Scheduler::current().now();
    const uint64_t hits = hit_readers_.take([this, now](BlockNumber block, SlotIndex slot) {
        parts_.cache.note_hit(block, slot, now);
        read_times_.record(Duration::zero());
        read_ahead_.note_read(block, {Kind::Hit, slot});
    });
    hits_not_told_ += hits;
    if (hits > 0 && read_ahead_.start()) wake_up();
}

void Volume::after_hits() {
    read_times_.record(Duration::zero());
    if (read_ahead_.start()) wake_up();
    if (config_.timeout > Duration::zero()) wake_up_if_due();
}

bool Volume::read_in_place(ByteOffset offset, uint64_t length, std::vector<iovec>& pieces) {
    const BlockNumber first = parts_.geometry.block_of(offset);
    const BlockNumber last = parts_.geometry.block_of(offset + ByteCount(length - 1));
    if (!cached_ || last.value - first.value >= kPiecesInPlace) return false;
    for (uint32_t n = first.value; n <= last.value; ++n) {
        if (!parts_.cache.at_hand(BlockNumber(n))) return false;
    }
    while (length > 0) {
        const Piece piece = piece_at(offset, length);
        const ByteCount part(piece.range.end - piece.range.begin);
        const auto found = parts_.cache.hit(piece.block, Scheduler::current().now());
        std::byte* const bytes = parts_.slots.bytes(found->slot).data() + piece.range.begin;
        pieces.push_back({bytes, part.value});
        read_ahead_.note_read(piece.block, *found);
        offset = offset + part;
        length -= part.value;
    }
    after_hits();
    return true;
}

bool Volume::read_at_once(ByteOffset offset, std::span<std::byte> into) {
    const Piece piece = piece_at(offset, into.size());
    if (!cached_ || piece.range.end - piece.range.begin != into.size()) return false;
    const auto found = parts_.cache.hit(piece.block, Scheduler::current().now());
    if (!found) return false;
    std::memcpy(into.data(), parts_.slots.bytes(found->slot).data() + piece.range.begin,
                into.size());
    read_ahead_.note_read(piece.block, *found);
    after_hits();
    return true;
}

Task<Result<void>> Volume::read(ByteOffset offset, std::span<std::byte> into) {
    const Timed timed(read_times_);
    TaskGroup group;
    Failure failure;
    size_t done_at_once = 0;
    while (!into.empty()) {
        const Piece piece = piece_at(offset, into.size());
        const ByteCount length(piece.range.end - piece.range.begin);
        const std::span<std::byte> out = into.first(length.value);
        const cache::Found answer = read_now(piece, out);
        read_ahead_.note_read(piece.block, answer);
        const Kind found = answer.kind;
        if (found == Kind::Fetch || found == Kind::Join) {
            if (group.running() >= kPiecesAtOnce) {
                co_await group.join();
            }
            group.spawn(read_later(piece, out, found, failure));
        } else if (++done_at_once % kPiecesATurn == 0) {
            co_await yield();
        }
        into = into.subspan(length.value);
        offset = offset + length;
    }
    if (read_ahead_.start()) wake_up();
    if (group.running() > 0) {
        co_await group.join();
    }
    if (config_.timeout > Duration::zero()) wake_up_if_due();
    if (failure) co_return *failure;
    co_return ok();
}

/// Copies what is at hand. Fetch or Join: nothing was copied yet.
cache::Found Volume::read_now(const Piece& piece, std::span<std::byte> out) {
    const cache::Found found =
        parts_.cache.look_up(piece.block, piece.range, Scheduler::current().now());
    if (found.kind == Kind::Zero) std::ranges::fill(out, std::byte{0});
    // With a cache it is the cache that answers while a block is being uploaded.
    if (found.kind == Kind::Zero || (found.kind == Kind::Hit && !cached_)) {
        parts_.written.note_read(piece.block);
    }
    if (found.kind == Kind::Hit) {
        const auto from = parts_.slots.bytes(found.slot).subspan(piece.range.begin, out.size());
        std::ranges::copy(from, out.begin());
    }
    return found;
}

Task<void> Volume::read_later(Piece piece, std::span<std::byte> out, Kind found, Failure& failure) {
    const Result<void> result = co_await read_piece(piece, out, found);
    if (!result.has_value() && !failure) failure = result.error();
}

Task<Result<void>> Volume::read_piece(Piece piece, std::span<std::byte> out, Kind found) {
    using cache::BlockState;
    const Fetcher::Wanted wanted(piece.range, out);
    Room::Turn turn(parts_.room.reads());
    bool must_wait = found == Kind::Fetch && parts_.room.reads().occupied();
    for (;;) {
        if (found == Kind::Join) {
            turn.leave();
            co_return co_await fetcher_.join(piece.block, wanted);
        }
        std::optional<SlotIndex> slot;
        if (!must_wait) {
            slot = parts_.cache.begin_fetch(piece.block, cache::BlockCache::Need::Client,
                                            Scheduler::current().now());
        }
        if (slot) {
            turn.leave();
            co_return co_await fetcher_.fetch_now(piece.block, *slot, wanted);
        }
        co_await turn.wait(!must_wait && parts_.cache.pin_was_in_the_way());
        must_wait = false;
        // Others may have fetched, written or discarded the block meanwhile. A miss is counted once
        // only.
        const bool partial = parts_.cache.state(piece.block) == BlockState::Partial;
        if (partial || parts_.cache.absent(piece.block)) continue;
        found = read_now(piece, out).kind;
        if (found == Kind::Hit || found == Kind::Zero) co_return ok();
    }
}

}  // namespace s3b
