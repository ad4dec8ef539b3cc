// SPDX-License-Identifier: Apache-2.0
// The writing half of BlockCache: client writes, uploads, what is due when.
#include <algorithm>

#include "cache/block_cache.h"
#include "engine/base/check.h"

namespace s3b::cache {

namespace {
constexpr WritePlan kDone{WritePlan::Kind::Done, SlotIndex{}};
constexpr WritePlan kWaitSpace{WritePlan::Kind::WaitSpace, SlotIndex{}};
constexpr WritePlan kFillFirst{WritePlan::Kind::FillFirst, SlotIndex{}};
constexpr WritePlan kWaitStored{WritePlan::Kind::WaitStored, SlotIndex{}};

WritePlan apply(SlotIndex slot) { return {WritePlan::Kind::Apply, slot}; }
}  // namespace

// ---- client writes

WritePlan BlockCache::begin_write(BlockNumber block, ByteRange range, bool zeros, Instant now) {
    const Write write{block, range, zeros, covers_whole(range), now};
    if (write.whole && zeros && !closed_unstored()) {
        discard(block, now);
        return kDone;
    }
    Record* record = record_of(block);
    const auto slot = record == nullptr ? table_.find(block) : std::nullopt;
    const bool hit = record != nullptr || slot.has_value();
    const WritePlan plan = record != nullptr ? write_record(write, *record)
                           : slot            ? write_clean(write, *slot)
                                             : write_absent(write);
    if (plan.kind == WritePlan::Kind::Done || plan.kind == WritePlan::Kind::Apply) {
        ++(hit ? counters_.write_hits : counters_.write_misses);
    }
    return plan;
}

bool BlockCache::may_become_dirty() const {
    const uint32_t limit = settings_.max_dirty;
    return (limit == 0 || dirty_ < limit) && (backing_ == nullptr || dirty_ < dirty_capacity());
}

/// Numbers the write and sees to it that the block is queued for its upload.
void BlockCache::note_write(BlockNumber block, Record& record, Instant now) {
    record.newest = ++version_;
    const bool frozen = frozen_.contains(block);
    const bool fresh = record.rewritten_since == 0;
    if (fresh && (frozen || record.state == BlockState::Rewritten)) {
        record.rewritten_since = version_;
        record.rewritten_at = now;
    }
    if (fresh && frozen && record.state == BlockState::Dirty && !record.claimed) {
        queue_.push(block, now + settings_.write_delay);
    }
    if (record.oldest_unstored != 0) return;
    set_oldest(block, record, version_, now);
    queue_.push(block, now + settings_.write_delay);
}

/// Gives a record without bytes a slot of its own; nullopt if there is no room now.
std::optional<SlotIndex> BlockCache::give_slot(BlockNumber block, Record& record, Instant now) {
    const auto slot = record.zeros ? take_slot_for_entry(now) : take_slot(settings_.uploads);
    if (!slot) return std::nullopt;
    record.slot = slot->value;
    record.zeros = false;
    table_.insert(block, *slot, SlotUse::Private);
    return slot;
}

WritePlan BlockCache::write_absent(const Write& write) {
    const bool known_zero = zero_map_.known_zero(write.block);
    if (known_zero && write.zeros) {
        ++counters_.zero_write_hits;
        return kDone;
    }
    if (deletions_.unstored(write.block, closed_epoch())) return kWaitStored;
    if (!may_become_dirty()) return kWaitSpace;
    const auto slot = take_slot_for_entry(write.now);
    if (!slot) return kWaitSpace;
    Record& record = records_[write.block];
    record.slot = slot->value;
    table_.insert(write.block, *slot, SlotUse::Private);
    const bool all_known = write.whole || known_zero;
    if (!all_known) record.written.add(write.range);
    step(record, all_known ? BlockEvent::WriteWhole : BlockEvent::WritePart);
    note_write(write.block, record, write.now);
    if (const auto unstored = cancel_deletion(write.block)) {
        set_oldest(write.block, record, *unstored, write.now);
        zero_map_.set_unknown(write.block);  // zeros again would have to be deleted again
    }
    WritePlan plan = apply(*slot);
    plan.zero_rest = known_zero && !write.whole;
    return plan;
}

WritePlan BlockCache::write_clean(const Write& write, SlotIndex slot) {
    if (!may_become_dirty()) return kWaitSpace;
    std::optional<SlotIndex> target = slot;
    order_.remove(slot, write.block);
    if (!table_.try_make_private(slot)) {
        // A reader holds the old bytes: leave them alone. It may let go of them at any time, and
        // they must not be evicted then to make room: they are in no order meanwhile.
        target = take_slot_for_entry(write.now);
        if (!target) {
            order_.push(slot, write.block, write.now);
            pin_in_the_way_ = true;
            return kWaitSpace;
        }
    }
    // A part keeps the rest of the bytes: they were of use.
    if (table_.clear_unread(slot) && write.whole) ++counters_.unused_blocks;
    Record& record = records_[write.block];
    record.state = BlockState::Clean;
    record.slot = slot.value;
    step(record, write.whole ? BlockEvent::WriteWhole : BlockEvent::WritePart);
    note_write(write.block, record, write.now);
    WritePlan plan = apply(*target);
    if (*target == slot) return plan;
    table_.erase(write.block);
    order_.inherit(slot, *target);
    release_slot(slot.value);
    record.slot = target->value;
    table_.insert(write.block, *target, SlotUse::Private);
    if (!write.whole) plan.copy_from = slot;
    return plan;
}

WritePlan BlockCache::write_record(const Write& write, Record& record) {
    if (record.zeros && write.zeros) return kDone;  // zeros over zeros
    if (record.state == BlockState::Reading && !may_become_dirty()) return kWaitSpace;
    const bool keep = must_be_kept(write.block, record);
    if (keep && record.zeros) return kWaitStored;
    switch (record.state) {
        case BlockState::Reading:
        case BlockState::Partial:
        case BlockState::Filling: return keep ? kFillFirst : write_partly_known(write, record);
        default:
            if (keep && free_frozen_.empty()) return kWaitSpace;
            return write_known(write, record, keep);
    }
}

WritePlan BlockCache::write_partly_known(const Write& write, Record& record) {
    const bool was_zeros = record.zeros;
    if (!was_zeros && !record.written.can_add(write.range)) return kFillFirst;
    if (record.slot == kNoSlot && !give_slot(write.block, record, write.now)) {
        return kWaitSpace;
    }
    record.written.add(was_zeros ? whole() : write.range);
    const bool all_known = record.written.covers(whole());
    step(record, all_known ? BlockEvent::WriteWhole : BlockEvent::WritePart);
    if (record.state == BlockState::Dirty) record.written.clear();
    note_write(write.block, record, write.now);
    WritePlan plan = apply(SlotIndex(record.slot));
    plan.zero_rest = was_zeros && !write.whole;
    return plan;
}

/// Dirty, Writing, Rewritten: all bytes are known, in a slot or as zeros.
WritePlan BlockCache::write_known(const Write& write, Record& record, bool keep) {
    const bool was_zeros = record.zeros;
    const uint32_t old_slot = record.slot;
    // The bytes of an upload, and those that a reader holds, stay as they are.
    const bool in_place =
        !was_zeros && old_slot != record.sent_slot && table_.try_make_private(SlotIndex(old_slot));
    WritePlan plan = apply(SlotIndex(old_slot));
    if (!in_place) {
        // Zeros had no slot: they need one as an absent block does, and may not use the reserve.
        const uint32_t spare = record.state == BlockState::Writing ? 0 : settings_.uploads;
        const auto slot = was_zeros ? take_slot_for_entry(write.now) : take_slot(spare);
        if (!slot) {
            pin_in_the_way_ |= !was_zeros && old_slot != record.sent_slot;
            return kWaitSpace;
        }
        if (!was_zeros) {
            table_.erase(write.block);
            order_.inherit(SlotIndex(old_slot), *slot);
            if (old_slot != record.sent_slot) release_slot(old_slot);
            if (!write.whole) plan.copy_from = SlotIndex(old_slot);
        } else {
            record.zeros = false;
            plan.zero_rest = !write.whole;
        }
        record.slot = slot->value;
        table_.insert(write.block, *slot, SlotUse::Private);
        plan.slot = *slot;
    }
    if (keep) {
        plan.freeze_from = SlotIndex(old_slot);
        plan.freeze_into = freeze(write.block, record);
    }
    step(record, write.whole ? BlockEvent::WriteWhole : BlockEvent::WritePart);
    note_write(write.block, record, write.now);
    return plan;
}

void BlockCache::end_write(BlockNumber block) {
    const Record* record = record_of(block);
    CHECK(record != nullptr && record->slot != kNoSlot);
    const bool all_known =
        record->state != BlockState::Partial && record->state != BlockState::Filling;
    if (all_known) table_.make_readable(SlotIndex(record->slot), SlotUse::Dirty);
}

// ---- uploads

/// The fuller of dirty blocks, the earlier. But not while only those are written that are here
/// already: they need no room, and would only be sent more often.
Duration BlockCache::earlier(Instant now) const {
    if (pressure_) return std::chrono::hours(24 * 365);
    if (now - last_entry_ > settings_.write_delay) return Duration::zero();
    const double limit = settings_.max_dirty == 0 ? dirty_capacity() : settings_.max_dirty;
    const double max_ratio = std::min(limit / dirty_capacity(), 0.90);
    const double share = std::min(1.0, dirty_ratio() / max_ratio);
    return std::chrono::duration_cast<Duration>(settings_.write_delay * share);
}

std::optional<BlockNumber> BlockCache::pop_due(Instant now) {
    return claim_popped(queue_.pop_due(now, earlier(now)));
}

std::optional<BlockNumber> BlockCache::pop_awaited(Instant now) {
    return pressure_ ? pop_due(now) : claim_popped(queue_.pop_hurried());
}

std::optional<BlockNumber> BlockCache::claim_popped(std::optional<BlockNumber> block) {
    if (block) records_.at(*block).claimed = true;
    return block;
}

Instant BlockCache::next_due(Instant now) { return queue_.next_due(earlier(now)); }

std::vector<BlockNumber> BlockCache::hurry_all() {
    std::vector<BlockNumber> blocks = dirty_up_to(version_);
    for (const BlockNumber block : blocks) queue_.hurry(block);
    return blocks;
}

std::vector<BlockNumber> BlockCache::dirty_up_to(uint64_t version) const {
    std::vector<BlockNumber> blocks;
    for (const auto& [block, record] : records_) {
        if (record.oldest_unstored != 0 && record.oldest_unstored <= version) {
            blocks.push_back(block);
        }
    }
    return blocks;
}

SlotIndex BlockCache::begin_put(BlockNumber block) {
    Record* record = record_of(block);
    CHECK(record != nullptr && !record->zeros && !deletions_.under_way(block));
    step(*record, BlockEvent::BeginPut);
    queue_.remove(block);
    record->claimed = false;
    CHECK(is_readable(table_.use_of(SlotIndex(record->slot))));  // no write is half done
    record->sent_slot = record->slot;
    table_.pin(SlotIndex(record->slot));
    zero_map_.set_unknown(block);
    return SlotIndex(record->slot);
}

/// Lets go of the bytes that were sent; those of a rewritten block are needed no more.
void BlockCache::drop_sent(Record& record) {
    if (record.sent_slot == kNoSlot) return;
    table_.unpin(SlotIndex(record.sent_slot));
    if (record.sent_slot != record.slot) release_slot(record.sent_slot);
    record.sent_slot = kNoSlot;
}

/// An upload has ended well, but the block was written meanwhile: it queues behind the others.
void BlockCache::queue_rewritten(BlockNumber block, Record& record, Instant now) {
    const auto found = frozen_.find(block);
    if (found != frozen_.end() && found->second.front().being_sent) drop_frozen(block);
    take_next_version(block, record);
    record.failures = 0;
    queue_.push(block, now + settings_.write_delay);
}

void BlockCache::finish_put(BlockNumber block, Instant now) {
    Record* record = record_of(block);
    CHECK(record != nullptr);
    step(*record, BlockEvent::FinishPut);
    zero_map_.set_present(block);
    drop_sent(*record);
    if (record->state == BlockState::Dirty) {
        queue_rewritten(block, *record, now);
        settle_if_free(block, *record, now);
        return;
    }
    const SlotIndex slot(record->slot);
    records_.erase(block);
    table_.make_readable(slot, SlotUse::Clean);
    order_.push(slot, block, now);
    forget_clean(block);
}

void BlockCache::fail_put(BlockNumber block, Instant now, Instant due) {
    Record* record = record_of(block);
    CHECK(record != nullptr);
    const auto found = frozen_.find(block);
    if (record->state == BlockState::Writing || record->state == BlockState::Rewritten) {
        step(*record, BlockEvent::FailPut);
        drop_sent(*record);
        if (found != frozen_.end() && found->second.front().being_sent) fail_frozen(block, due);
    }
    if (found == frozen_.end()) record->rewritten_since = 0;  // the newest version will do
    ++record->failures;
    record->claimed = false;
    queue_.remove(block);
    queue_.push_retry(block, due);
    may_spill(block);
    settle_if_free(block, *record, now);
}

void BlockCache::put_back(BlockNumber block, Instant now) {
    records_.at(block).claimed = false;
    queue_.push_retry(block, now);
}

void BlockCache::begin_survey() {
    zero_map_.begin_survey();
    // What is being sent may arrive after the survey has looked. What is sent later is noted by
    // begin_put().
    for (const auto& [block, record] : records_) {
        if (record.sent_slot != kNoSlot) zero_map_.note_object(block);
    }
    for (const auto& [block, versions] : frozen_) zero_map_.note_object(block);
}

bool BlockCache::unstored(BlockNumber block, uint64_t version) const {
    const Record* record = record_of(block);
    if (record != nullptr && record->oldest_unstored != 0 && record->oldest_unstored <= version) {
        return true;
    }
    return deletions_.unstored(block, version);
}

uint32_t BlockCache::failures(BlockNumber block) const {
    const Record* record = record_of(block);
    return record == nullptr ? 0 : record->failures;
}

}  // namespace s3b::cache
