// SPDX-License-Identifier: Apache-2.0
// The eviction policy S3-FIFO: new blocks pass a small queue first, so that those that are used
// once (a scan) do not drive out those that are used again and again.
// Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "cache/ghosts.h"
#include "cache/slot_list.h"
#include "cache/slot_marks.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// Two queues of clean slots: small, a tenth of all, and main; the numbers of blocks evicted from
/// small, as many as main is long; and a counter of uses, 0 to 3, for each slot. A hit costs one
/// store. Belongs to the reactor.
class S3Fifo {
public:
    /// `cached`: blocks in the cache at the most. `timeout`: of drop_expired(); 0 = none. `links`
    /// and `marks` must outlive it.
    S3Fifo(SlotLinks& links, SlotMarks& marks, uint32_t cached, Duration timeout);

    /// `slot`, which must be in no list, has the bytes of `block`. One that comes back after
    /// remove() has its old counter and queue.
    void push(SlotIndex slot, BlockNumber block, Instant now);
    void touch(SlotIndex slot, Instant now);
    /// `slot` is being written, which is a use.
    void remove(SlotIndex slot);
    /// `slot`, in a queue or not, is given to somebody else.
    void forget(SlotIndex slot);
    /// forget(), and remembers the number if it was evicted from the small queue.
    void evict(SlotIndex slot, BlockNumber block);
    /// The bytes of `from`, which is in no queue, live on in `to`.
    void inherit(SlotIndex from, SlotIndex to);

    /// The next slot to evict for which `take` is true; those before it are held by somebody, and
    /// go to the young end of the main queue. nullopt if there is none; then all were looked at.
    template <class Take>
    std::optional<SlotIndex> take_victim(Take& take) {
        // Each slot is offered once from the small queue, and between two offers of the same from
        // the main queue the counter of every other one there falls: at most kMaxCount + 1 rounds.
        for (uint64_t tries = uint64_t{size()} * (kMaxCount + 2); tries > 0; --tries) {
            const SlotIndex slot = candidate();
            if (take(slot)) return slot;
            hold(slot);
        }
        // All of the main queue is held; the small one may be too short to have been its turn.
        while (const auto slot = small_.oldest()) {
            if (take(*slot)) return slot;
            hold(*slot);
        }
        return std::nullopt;
    }

    /// When drop_expired() will have something to do, or a little later; kNever if it has not.
    Instant next_expiry() const;
    /// Calls `drop` for the slots that were not used for the timeout; it takes them out and is
    /// true, or somebody holds them. Returns how many were dropped. It looks at kSweep slots at a
    /// time, at all of them each sixteenth of the timeout at the most, while anything can expire.
    template <class Drop>
    uint32_t drop_expired(Instant now, Drop& drop) {
        uint32_t dropped = 0;
        if (next_expiry() > now) return 0;
        const uint32_t end = sweep_end();
        for (; sweep_at_ < end; ++sweep_at_) {
            const SlotIndex slot(sweep_at_);
            if ((marks_.flags(slot) & kQueued) == 0) continue;
            if (marks_.used(slot) + timeout_ <= now) {
                if (drop(slot)) {
                    ++dropped;
                    continue;
                }
                marks_.use(slot, now);
            }
            sweep_oldest_ = std::min(sweep_oldest_, marks_.used(slot));
        }
        if (sweep_at_ == used_slots_) finish_sweep(now);
        return dropped;
    }

    uint32_t size() const { return small_.size() + main_.size(); }
    size_t memory_bytes() const { return ghosts_.memory_bytes(); }

private:
    static constexpr uint32_t kMaxCount = 3;
    static constexpr uint32_t kCount = 0x3;   // flags of a slot: its counter,
    static constexpr uint32_t kInMain = 0x4;  // whether its queue is main,
    static constexpr uint32_t kQueued = 0x8;  // and whether it is in there now
    /// So many used slots are passed over for one victim; then the next goes, used or not. A bound
    /// on the time of one eviction.
    static constexpr uint32_t kMaxMoves = 1024;
    static constexpr uint32_t kSweep = 262'144;  // slots, 1 MiB of marks

    SlotIndex candidate();
    void hold(SlotIndex slot);
    void move_to_main(SlotIndex slot);
    SlotList& queue_of(uint32_t flags) { return (flags & kInMain) != 0 ? main_ : small_; }
    void count_use(SlotIndex slot);
    void note_time(SlotIndex slot, Instant now);
    uint32_t sweep_end() const;
    void finish_sweep(Instant now);

    SlotMarks& marks_;
    SlotList small_;
    SlotList main_;
    Ghosts ghosts_;
    Duration timeout_;
    // Of the sweep for expired slots.
    Instant oldest_ = kNever;        // no queued slot was used before
    Instant sweep_oldest_ = kNever;  // the same of those that this sweep has looked at
    Instant not_before_{};           // the next sweep
    uint32_t sweep_at_ = 0;
    uint32_t used_slots_ = 0;  // all queued ones are below
};

}  // namespace s3b::cache
