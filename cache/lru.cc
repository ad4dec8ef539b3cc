// SPDX-License-Identifier: Apache-2.0
#include "cache/lru.h"

#include "engine/base/check.h"

namespace s3b::cache {

Lru::Lru(SlotCount slots, bool timed)
    : links_(slots.value, Links{kNone, kNone}), used_ms_(timed ? slots.value : 0) {}

void Lru::append(SlotIndex slot) {
    Links& links = links_[slot.value];
    DCHECK(links.older == kNone && links.younger == kNone && oldest_ != slot.value);
    links.older = youngest_;
    links.younger = kNone;
    (youngest_ != kNone ? links_[youngest_].younger : oldest_) = slot.value;
    youngest_ = slot.value;
    ++size_;
}

void Lru::push(SlotIndex slot, Instant now) {
    append(slot);
    if (used_ms_.empty()) return;
    latest_ms_ = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
    used_ms_[slot.value] = static_cast<uint32_t>(latest_ms_);
}

void Lru::remove(SlotIndex slot) {
    Links& links = links_[slot.value];
    (links.older != kNone ? links_[links.older].younger : oldest_) = links.younger;
    (links.younger != kNone ? links_[links.younger].older : youngest_) = links.older;
    links = Links{kNone, kNone};
    CHECK(size_ > 0);
    --size_;
}

void Lru::touch(SlotIndex slot, Instant now) {
    if (used_ms_.empty() && youngest_ == slot.value) return;
    remove(slot);
    push(slot, now);
}

void Lru::defer(SlotIndex slot) {
    if (youngest_ == slot.value) return;
    if (!used_ms_.empty()) used_ms_[slot.value] = used_ms_[youngest_];
    remove(slot);
    append(slot);
}

std::optional<SlotIndex> Lru::oldest() const {
    if (oldest_ == kNone) return std::nullopt;
    return SlotIndex(oldest_);
}

Instant Lru::oldest_use() const {
    if (oldest_ == kNone || used_ms_.empty()) return kNever;
    const uint32_t before_latest = static_cast<uint32_t>(latest_ms_) - used_ms_[oldest_];
    return Instant(std::chrono::milliseconds(latest_ms_ - before_latest));
}

}  // namespace s3b::cache
