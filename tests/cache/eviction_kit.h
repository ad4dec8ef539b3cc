// SPDX-License-Identifier: Apache-2.0
// A cache of block numbers without bytes, around the real order of eviction.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cache/eviction.h"

namespace s3b::cache {

class CacheSimulator {
public:
    CacheSimulator(EvictionPolicy policy, uint32_t size, uint32_t protected_blocks = 0)
        : size_(size),
          links_(SlotCount(size)),
          order_(EvictionSettings{policy, size, protected_blocks, Duration::zero()}, links_),
          block_of_(size) {}

    /// Reads `block`, which replaces another if the cache is full. Whether it was there.
    bool access(uint32_t block) {
        const auto found = slot_of_.find(block);
        if (found != slot_of_.end()) {
            order_.touch(SlotIndex(found->second), BlockNumber(block), Instant());
            return true;
        }
        const uint32_t slot = take_slot();
        block_of_[slot] = block;
        slot_of_.emplace(block, slot);
        order_.push(SlotIndex(slot), BlockNumber(block), Instant());
        return false;
    }

private:
    uint32_t take_slot() {
        if (slot_of_.size() < size_) return static_cast<uint32_t>(slot_of_.size());
        const SlotIndex slot = *order_.take_victim([](SlotIndex) { return true; });
        order_.evict(slot, BlockNumber(block_of_[slot.value]));
        slot_of_.erase(block_of_[slot.value]);
        return slot.value;
    }

    uint32_t size_;
    SlotLinks links_;
    EvictionOrder order_;
    std::vector<uint32_t> block_of_;
    std::unordered_map<uint32_t, uint32_t> slot_of_;
};

}  // namespace s3b::cache
