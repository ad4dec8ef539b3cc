// SPDX-License-Identifier: Apache-2.0
// Which clean block leaves the cache next: to make room, or because nobody used it for long.
// Blocks with the lowest numbers may be protected: they leave only when no other can.
// Source: cache-and-consistency.md 2.10, 2.11.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "cache/eviction_policy.h"
#include "cache/lru.h"
#include "cache/s3_fifo.h"
#include "cache/slot_list.h"
#include "cache/slot_marks.h"
#include "engine/base/types.h"

namespace s3b::cache {

struct EvictionSettings {
    EvictionPolicy policy = EvictionPolicy::Lru;
    uint32_t cached = 1;            // blocks in the cache at the most
    uint32_t protected_blocks = 0;  // those with a number below
    Duration timeout{};             // 0 = clean blocks do not expire
};

/// All clean slots, in the order of their eviction. Memory: 8 bytes of links a slot, 4 of marks
/// with a timeout or S3-FIFO, 3.6 of ghosts with S3-FIFO. All of it is allocated at start. Belongs
/// to the reactor.
class EvictionOrder {
public:
    /// `links` must outlive the order.
    EvictionOrder(const EvictionSettings& settings, SlotLinks& links);

    /// `slot`, which holds `block`, is clean now. Times must not fall.
    void push(SlotIndex slot, BlockNumber block, Instant now);
    /// `block`, which is in the order, was read.
    void touch(SlotIndex slot, BlockNumber block, Instant now) {
        if (is_protected(block)) return protected_.touch(slot, now);
        if (s3_fifo_) return s3_fifo_->touch(slot, now);
        lru_.touch(slot, now);
    }
    /// `block`, which is in the order, becomes dirty. push() brings it back.
    void remove(SlotIndex slot, BlockNumber block);
    /// The bytes of `from`, which is not in the order, live on in `to`.
    void inherit(SlotIndex from, SlotIndex to) {
        if (s3_fifo_) s3_fifo_->inherit(from, to);
    }
    /// `block`, which is in the order, was made room for another: take_victim() told it.
    void evict(SlotIndex slot, BlockNumber block);
    /// `block`, which is in the order, leaves the cache for another reason.
    void drop(SlotIndex slot, BlockNumber block);
    /// `slot`, which is not in the order, will hold another block.
    void forget(SlotIndex slot) {
        if (s3_fifo_) s3_fifo_->forget(slot);
    }

    /// The next slot to evict for which `take(slot)` is true: nobody holds it, and nobody can from
    /// now on. nullopt if there is none.
    template <class Take>
    std::optional<SlotIndex> take_victim(Take take) {
        const auto slot = s3_fifo_ ? s3_fifo_->take_victim(take) : lru_.take_victim(take);
        return slot ? slot : protected_.take_victim(take);
    }

    /// When drop_expired() will have something to do; kNever without a timeout. S3-FIFO may be late
    /// by a sixteenth of it.
    Instant next_expiry() const;
    /// Calls `drop_one(slot)` for slots that were not used for the timeout: it must drop() what is
    /// there, or be false if somebody holds it, which then is a use. Returns how many were dropped.
    template <class DropOne>
    uint32_t drop_expired(Instant now, DropOne drop_one) {
        const uint32_t dropped =
            s3_fifo_ ? s3_fifo_->drop_expired(now, drop_one) : drop_expired_of(lru_, now, drop_one);
        return dropped + drop_expired_of(protected_, now, drop_one);
    }

    uint32_t size() const { return lru_.size() + protected_.size() + fifo_size(); }
    /// Without the links.
    size_t memory_bytes() const;

private:
    bool is_protected(BlockNumber block) const { return block.value < settings_.protected_blocks; }
    bool timed() const { return settings_.timeout > Duration::zero(); }
    uint32_t fifo_size() const { return s3_fifo_ ? s3_fifo_->size() : 0; }

    template <class DropOne>
    uint32_t drop_expired_of(Lru& lru, Instant now, DropOne& drop_one) {
        uint32_t dropped = 0;
        for (uint32_t tries = lru.size(); tries > 0 && expires(lru) <= now; --tries) {
            const SlotIndex slot = *lru.oldest();
            if (drop_one(slot)) {
                ++dropped;
            } else {
                lru.touch(slot, now);
            }
        }
        return dropped;
    }
    Instant expires(const Lru& lru) const {
        const Instant oldest = lru.oldest_use();
        return oldest == kNever ? kNever : oldest + settings_.timeout;
    }

    EvictionSettings settings_;
    SlotMarks marks_;
    Lru lru_;        // with EvictionPolicy::Lru
    Lru protected_;  // with both
    std::optional<S3Fifo> s3_fifo_;
};

}  // namespace s3b::cache
