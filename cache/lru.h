// SPDX-License-Identifier: Apache-2.0
// The order in which clean slots were last used: strict LRU.
#pragma once

#include <cstdint>

#include "cache/slot_list.h"
#include "cache/slot_marks.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// A list of slots, oldest use first. All calls but take_victim() take O(1). Belongs to the
/// reactor.
class Lru {
public:
    /// `timed`: notes in `marks` when each slot was used. Both must outlive the list.
    Lru(SlotLinks& links, SlotMarks& marks, bool timed)
        : list_(links), marks_(marks), timed_(timed) {}

    /// Puts `slot`, which must be in no list, at the young end. Times must not fall.
    void push(SlotIndex slot, Instant now) {
        list_.push(slot);
        if (timed_) marks_.use(slot, now);
    }
    void remove(SlotIndex slot) { list_.remove(slot); }
    /// Moves `slot` to the young end.
    void touch(SlotIndex slot, Instant now) {
        list_.renew(slot);
        if (timed_) marks_.use(slot, now);
    }
    /// Moves `slot` to the young end as if it had been used together with the youngest.
    void defer(SlotIndex slot) {
        if (timed_) marks_.use_as(slot, *list_.youngest());
        list_.renew(slot);
    }
    /// The oldest slot for which `take` is true; the older ones are deferred: somebody holds them,
    /// so they are in use after all. nullopt if there is none; then all were looked at.
    template <class Take>
    std::optional<SlotIndex> take_victim(Take& take) {
        for (uint32_t tries = size(); tries > 0; --tries) {
            const SlotIndex slot = *oldest();
            if (take(slot)) return slot;
            defer(slot);
        }
        return std::nullopt;
    }
    /// The slot that was not used for longest.
    std::optional<SlotIndex> oldest() const { return list_.oldest(); }
    /// When the oldest was last used, rounded up to SlotMarks::kTick. Only with `timed`; kNever if
    /// the list is empty.
    Instant oldest_use() const {
        return timed_ && !list_.empty() ? marks_.used(*list_.oldest()) : kNever;
    }
    uint32_t size() const { return list_.size(); }

private:
    SlotList list_;
    SlotMarks& marks_;
    bool timed_;
};

}  // namespace s3b::cache
