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

    /// Puts `slot`, which must not be in the list, at the young end. O(1).
    void push(SlotIndex slot, Instant now);
    /// Takes `slot` out. It must be in the list. O(1).
    void remove(SlotIndex slot);
    /// Moves `slot` to the young end. O(1).
    void touch(SlotIndex slot, Instant now);
    /// The slot that was not used for longest.
    std::optional<SlotIndex> oldest() const;
    /// When the oldest was last used, to the millisecond. Only with `timed`; kNever if empty.
    Instant oldest_use() const;
    uint32_t size() const { return size_; }

private:
    static constexpr uint32_t kNone = ~uint32_t{0};
    struct Links {
        uint32_t older;
        uint32_t younger;
    };
    std::vector<Links> links_;
    std::vector<uint32_t> used_ms_;  // milliseconds since start_, wraps after 49 days of no use
    std::optional<Instant> start_;
    uint32_t oldest_ = kNone;
    uint32_t youngest_ = kNone;
    uint32_t size_ = 0;
};

}  // namespace s3b::cache
