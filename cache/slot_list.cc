// SPDX-License-Identifier: Apache-2.0
#include "cache/slot_list.h"

#include "engine/base/check.h"

namespace s3b::cache {

void SlotList::push(SlotIndex slot) {
    const uint32_t link = slot.value + 1;
    SlotLinks::Links& links = links_.of[slot.value];
    DCHECK(links.older == 0 && links.younger == 0 && oldest_ != link);
    links.older = youngest_;
    (youngest_ != 0 ? links_.of[youngest_ - 1].younger : oldest_) = link;
    youngest_ = link;
    ++size_;
}

void SlotList::remove(SlotIndex slot) {
    SlotLinks::Links& links = links_.of[slot.value];
    CHECK(size_ > 0);
    (links.older != 0 ? links_.of[links.older - 1].younger : oldest_) = links.younger;
    (links.younger != 0 ? links_.of[links.younger - 1].older : youngest_) = links.older;
    links = SlotLinks::Links{0, 0};
    --size_;
}

void SlotList::renew(SlotIndex slot) {
    if (youngest_ == slot.value + 1) return;
    remove(slot);
    push(slot);
}

}  // namespace s3b::cache
