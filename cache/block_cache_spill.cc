// SPDX-License-Identifier: Apache-2.0
// Dirty blocks that have no room in memory: the backing keeps their bytes. Such a block is Partial
// without a slot: whoever needs it fetches it, and its upload completes it first.
#include "cache/block_cache.h"
#include "engine/base/check.h"

namespace s3b::cache {

void BlockCache::may_spill(BlockNumber block) {
    Record* record = record_of(block);
    if (backing_ == nullptr || record == nullptr || record->may_spill) return;
    if (record->state != BlockState::Dirty || record->slot == kNoSlot) return;
    record->may_spill = true;
    spillable_.push_back(block);
}

/// The one that could have left first, if nobody uses it.
bool BlockCache::spill_one() {
    for (size_t tries = spillable_.size(); tries > 0; --tries) {
        const BlockNumber block = spillable_.front();
        spillable_.pop_front();
        Record* record = record_of(block);
        if (record == nullptr || !record->may_spill) continue;
        record->may_spill = false;
        const bool idle = record->state == BlockState::Dirty && record->slot != kNoSlot &&
                          !record->zeros && !record->claimed && !frozen_.contains(block);
        if (!idle) continue;
        const SlotIndex slot(record->slot);
        if (!backing_->holds(block) || !try_take(slot)) {
            may_spill(block);
            continue;
        }
        step(*record, BlockEvent::Spill);
        table_.erase(block);
        release_slot(slot.value);
        record->slot = kNoSlot;
        record->spilled = true;
        return true;
    }
    return false;
}

bool BlockCache::spilled(BlockNumber block) const {
    const Record* record = record_of(block);
    return record != nullptr && record->spilled && record->state != BlockState::Dirty;
}

void BlockCache::recover(BlockNumber block, Instant now) {
    CHECK(backing_ != nullptr && state(block) == BlockState::Absent);
    Record& record = records_[block];
    step(record, BlockEvent::WritePart);
    record.spilled = true;
    note_write(block, record, now);
    zero_map_.set_unknown(block);
}

}  // namespace s3b::cache
