// SPDX-License-Identifier: Apache-2.0
// The order in which clean slots were last used: strict LRU. 8 bytes a slot (12 with times).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/types.h"

namespace s3b::cache {

/// A list of slots, oldest use first. Belongs to the reactor.
class Lru {
public:
    /// `timed`: remember when each slot was used, for blockCacheTimeout.
    Lru(SlotCount slots, bool timed);

    /// Puts `slot`, which must not be in the list, at the young end. Times must not fall. O(1).
    void push(SlotIndex slot, Instant now);
    /// Takes `slot` out. It must be in the list. O(1).
    void remove(SlotIndex slot);
    /// Moves `slot` to the young end. O(1).
    void touch(SlotIndex slot, Instant now);
    /// Moves `slot` to the young end as if it had been used together with the youngest. O(1).
    void defer(SlotIndex slot);
    /// The slot that was not used for longest.
    std::optional<SlotIndex> oldest() const;
    /// When the oldest was last used, to the millisecond. Only with `timed`; kNever if empty. One
    /// that was not used for 49 days counts as used later.
    Instant oldest_use() const;
    uint32_t size() const { return size_; }

private:
    static constexpr uint32_t kNone = ~uint32_t{0};
    struct Links {
        uint32_t older;
        uint32_t younger;
    };
    void append(SlotIndex slot);

    std::vector<Links> links_;
    std::vector<uint32_t> used_ms_;  // low half of the milliseconds; latest_ms_ tells the high one
    int64_t latest_ms_ = 0;          // the last use of all
    uint32_t oldest_ = kNone;
    uint32_t youngest_ = kNone;
    uint32_t size_ = 0;
};

}  // namespace s3b::cache
