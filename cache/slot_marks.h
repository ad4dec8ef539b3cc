// SPDX-License-Identifier: Apache-2.0
// When each slot was last used, and four bits for an eviction policy: 4 bytes a slot.
#pragma once

#include <chrono>
#include <cstdint>

#include "cache/lazy_array.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// Belongs to the reactor.
class SlotMarks {
public:
    /// Times are kept in ticks, rounded up: nothing expires too early.
    static constexpr Duration kTick = std::chrono::milliseconds(16);

    /// `slots` may be 0 if nothing will be marked.
    explicit SlotMarks(SlotCount slots) : marks_(slots.value) {}

    bool empty() const { return marks_.size() == 0; }
    /// `slot` is used now. The times of the calls must not fall.
    void use(SlotIndex slot, Instant now) {
        latest_tick_ = tick_of(now);
        set_tick(slot, static_cast<uint32_t>(latest_tick_));
    }
    /// As if `slot` had been used together with `other`.
    void use_as(SlotIndex slot, SlotIndex other) { set_tick(slot, marks_[other.value] >> 4); }
    /// When `slot` was used, rounded up to a tick. One that was not used for 49 days counts as used
    /// later.
    Instant used(SlotIndex slot) const {
        const uint32_t before_latest =
            (static_cast<uint32_t>(latest_tick_) - (marks_[slot.value] >> 4)) & 0x0FFF'FFFFU;
        return Instant((latest_tick_ - before_latest) * kTick);
    }
    static Instant rounded(Instant time) { return Instant(tick_of(time) * kTick); }

    uint32_t flags(SlotIndex slot) const { return marks_[slot.value] & 0xFU; }
    void set_flags(SlotIndex slot, uint32_t flags) {
        marks_[slot.value] = (marks_[slot.value] & ~0xFU) | (flags & 0xFU);
    }
    size_t memory_bytes() const { return marks_.memory_bytes(); }

private:
    static int64_t tick_of(Instant time) {
        return (time.time_since_epoch() + kTick - Duration(1)) / kTick;
    }
    void set_tick(SlotIndex slot, uint32_t tick) {
        marks_[slot.value] = (tick << 4) | (marks_[slot.value] & 0xFU);
    }

    LazyArray<uint32_t> marks_;  // [31..4 low bits of the tick][3..0 flags]
    int64_t latest_tick_ = 0;
};

}  // namespace s3b::cache
