// SPDX-License-Identifier: Apache-2.0
// Doubly linked lists of slots. They share one array of links, since a slot is in one list at most:
// 8 bytes a slot for all of them.
#pragma once

#include <cstdint>
#include <optional>

#include "cache/lazy_array.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// The links of all slots. A link is the number of a slot plus one; 0 = none.
struct SlotLinks {
    struct Links {
        uint32_t older;
        uint32_t younger;
    };
    /// At most 2^32 - 2 slots.
    explicit SlotLinks(SlotCount slots) : of(slots.value) {}
    LazyArray<Links> of;
};

/// A list of slots from the oldest to the youngest. All calls take O(1). Belongs to the reactor.
class SlotList {
public:
    /// `links` must outlive the list.
    explicit SlotList(SlotLinks& links) : links_(links) {}

    /// Puts `slot`, which must be in no list, at the young end.
    void push(SlotIndex slot);
    /// Takes `slot`, which must be in this list, out.
    void remove(SlotIndex slot);
    /// Moves `slot`, which must be in this list, to the young end.
    void renew(SlotIndex slot);
    std::optional<SlotIndex> oldest() const { return slot_of(oldest_); }
    std::optional<SlotIndex> youngest() const { return slot_of(youngest_); }
    uint32_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

private:
    static std::optional<SlotIndex> slot_of(uint32_t link) {
        if (link == 0) return std::nullopt;
        return SlotIndex(link - 1);
    }

    SlotLinks& links_;
    uint32_t oldest_ = 0;
    uint32_t youngest_ = 0;
    uint32_t size_ = 0;
};

}  // namespace s3b::cache
