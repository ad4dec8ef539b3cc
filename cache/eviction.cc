// SPDX-License-Identifier: Apache-2.0
#include "cache/eviction.h"

namespace s3b::cache {

namespace {

SlotCount marked_slots(const EvictionSettings& settings, SlotCount slots) {
    const bool needed =
        settings.timeout > Duration::zero() || settings.policy == EvictionPolicy::S3Fifo;
    return needed ? slots : SlotCount(0);
}

}  // namespace

EvictionOrder::EvictionOrder(const EvictionSettings& settings, SlotLinks& links)
    : settings_(settings),
      marks_(marked_slots(settings, SlotCount(static_cast<uint32_t>(links.of.size())))),
      lru_(links, marks_, timed()),
      protected_(links, marks_, timed()) {
    if (settings.policy == EvictionPolicy::S3Fifo) {
        s3_fifo_.emplace(links, marks_, settings.cached, settings.timeout);
    }
}

void EvictionOrder::push(SlotIndex slot, BlockNumber block, Instant now) {
    if (is_protected(block)) return protected_.push(slot, now);
    if (s3_fifo_) return s3_fifo_->push(slot, block, now);
    lru_.push(slot, now);
}

void EvictionOrder::remove(SlotIndex slot, BlockNumber block) {
    if (is_protected(block)) return protected_.remove(slot);
    if (s3_fifo_) return s3_fifo_->remove(slot);
    lru_.remove(slot);
}

void EvictionOrder::evict(SlotIndex slot, BlockNumber block) {
    if (s3_fifo_ && !is_protected(block)) return s3_fifo_->evict(slot, block);
    drop(slot, block);
}

void EvictionOrder::drop(SlotIndex slot, BlockNumber block) {
    if (is_protected(block)) return protected_.remove(slot);
    if (s3_fifo_) return s3_fifo_->forget(slot);
    lru_.remove(slot);
}

Instant EvictionOrder::next_expiry() const {
    if (!timed()) return kNever;
    return std::min(expires(protected_), s3_fifo_ ? s3_fifo_->next_expiry() : expires(lru_));
}

size_t EvictionOrder::memory_bytes() const {
    return marks_.memory_bytes() + (s3_fifo_ ? s3_fifo_->memory_bytes() : 0);
}

}  // namespace s3b::cache
