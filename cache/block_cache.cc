// SPDX-License-Identifier: Apache-2.0
#include "cache/block_cache.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace s3b::cache {

namespace {

EvictionSettings eviction_settings(const CacheSettings& settings) {
    return {.policy = settings.policy,
            .cached = settings.size,
            .protected_blocks = settings.protected_blocks,
            .timeout = settings.timeout};
}

}  // namespace

size_t BlockCache::bytes_if_dirty(ByteCount block_size) {
    constexpr size_t kQueued = 160;  // an item, stale ones included, and its entry
    constexpr size_t kNode = 2 * sizeof(void*) + sizeof(BlockNumber);
    const size_t ranges = std::min<size_t>(RangeSet::kMaxRanges, block_size.value / 2);
    return sizeof(Record) + kNode + kQueued + 2 * sizeof(ByteRange) * ranges;  // vectors double
}

SlotCount BlockCache::slots_for(const CacheSettings& settings) {
    // Each upload may need one more slot: to complete a partly known block, later to keep the bytes
    // that are being sent when the block is written again. As many again are for client fills. And
    // each reader may keep one that was given back.
    return SlotCount(settings.size + 2 * settings.uploads + settings.readers);
}

BlockCache::BlockCache(const CacheSettings& settings)
    : settings_(settings),
      table_(slots_for(settings)),
      links_(slots_for(settings)),
      free_(links_),
      order_(eviction_settings(settings), links_),
      zero_map_(settings.geometry.blocks),
      deletions_(settings.geometry.blocks) {
    CHECK(settings.size > 0 && settings.uploads > 0);
    for (uint32_t n = frozen_for(settings); n > 0; --n) free_frozen_.push_back(n - 1);
}

BlockCache::Record* BlockCache::record_of(BlockNumber block) {
    const auto found = records_.find(block);
    return found == records_.end() ? nullptr : &found->second;
}

const BlockCache::Record* BlockCache::record_of(BlockNumber block) const {
    const auto found = records_.find(block);
    return found == records_.end() ? nullptr : &found->second;
}

void BlockCache::step(Record& record, BlockEvent event) {
    const auto next = next_state(record.state, event);
    CHECK(next.has_value());
    if (*next == BlockState::Reading) ++reading_;
    if (record.state == BlockState::Reading) --reading_;
    if (is_dirty(*next) && !is_dirty(record.state)) ++dirty_;
    if (!is_dirty(*next) && is_dirty(record.state)) --dirty_;
    if (*next == BlockState::Dirty) record.spilled = false;
    record.state = *next;
}

ByteRange BlockCache::whole() const {
    return {0, static_cast<uint32_t>(settings_.geometry.block_size.value)};
}

BlockState BlockCache::state(BlockNumber block) const {
    if (const Record* record = record_of(block)) return record->state;
    return table_.find(block) ? BlockState::Clean : BlockState::Absent;
}

bool BlockCache::is_zero(BlockNumber block) const {
    if (const Record* record = record_of(block)) return record->zeros;
    return !table_.find(block) && zero_map_.known_zero(block);
}

uint64_t BlockCache::entries() const { return order_.size() + records_.size(); }

double BlockCache::dirty_ratio() const {
    return static_cast<double>(dirty_) / static_cast<double>(dirty_capacity());
}

// ---- slots

std::optional<SlotIndex> BlockCache::take_slot(uint32_t keep) {
    for (;;) {
        const uint32_t fresh = table_.slots().value - never_used_;
        if (free_.size() + fresh > keep) break;
        reclaim();
        if (free_.size() + fresh > keep) break;
        pin_in_the_way_ = !released_.empty();
        if (!evict_one() && !spill_one()) return std::nullopt;
    }
    SlotIndex slot(never_used_);
    if (free_.empty()) {
        ++never_used_;
        if (on_fresh_ != nullptr) on_fresh_(on_fresh_context_, slot);
    } else {
        slot = *free_.youngest();
        free_.remove(slot);
    }
    table_.set_taken(slot);
    return slot;
}

/// For a block that is absent: so many slots stay free as transfers may need beyond those that they
/// have.
std::optional<SlotIndex> BlockCache::take_slot_for_entry(Instant now) {
    last_entry_ = now;
    reclaim();  // what readers have let go of is no transfer's
    const uint64_t fresh = table_.slots().value - never_used_;
    const uint64_t used = table_.slots().value - fresh - free_.size();
    const uint64_t of_transfers = used - std::min<uint64_t>(used, table_.size() + reading_);
    const uint64_t reserve = 2 * uint64_t{settings_.uploads} + settings_.readers;
    const uint64_t missing = reserve - std::min(reserve, of_transfers);
    return take_slot(static_cast<uint32_t>(std::max<uint64_t>(missing, settings_.uploads)));
}

void BlockCache::release_slot(uint32_t slot) {
    order_.forget(SlotIndex(slot));
    if (table_.pinned(SlotIndex(slot))) {
        released_.push_back(slot);
        return;
    }
    table_.set_free(SlotIndex(slot));
    free_.push(SlotIndex(slot));
}

void BlockCache::reclaim() {
    std::vector<uint32_t> waiting;
    waiting.swap(released_);
    for (const uint32_t slot : waiting) release_slot(slot);
}

/// Makes a slot private that is to hold another block; false if it is pinned.
bool BlockCache::try_take(SlotIndex slot) {
    if (table_.try_make_private(slot)) return true;
    pin_in_the_way_ = true;
    return false;
}

bool BlockCache::evict_one() {
    const auto slot = order_.take_victim([this](SlotIndex oldest) { return try_take(oldest); });
    if (!slot) return false;
    const BlockNumber block = table_.block_of(*slot);
    order_.evict(*slot, block);
    leave(block, *slot);
    return true;
}

void BlockCache::drop_clean(BlockNumber block, SlotIndex slot) {
    order_.drop(slot, block);
    leave(block, slot);
}

void BlockCache::leave(BlockNumber block, SlotIndex slot) {
    DCHECK(next_state(BlockState::Clean, BlockEvent::Evict) == BlockState::Absent);
    const bool unused = table_.clear_unread(slot);
    table_.erase(block);
    release_slot(slot.value);
    if (backing_ != nullptr) backing_->left(block);
    if (!unused) return;
    ++counters_.unused_blocks;
    if (on_unused_ != nullptr) on_unused_(on_unused_context_, block);
}

void BlockCache::on_unused(UnusedListener listener, void* context) {
    on_unused_ = listener;
    on_unused_context_ = context;
}

void BlockCache::on_fresh_slot(FreshListener listener, void* context) {
    on_fresh_ = listener;
    on_fresh_context_ = context;
}

void BlockCache::forget_clean(BlockNumber block) {
    if (settings_.keep_clean) return;
    const auto slot = table_.find(block);
    if (slot && table_.use_of(*slot) == SlotUse::Clean) drop_clean(block, *slot);
}

/// False if a reader holds it: it is used right now.
bool BlockCache::try_drop_expired(SlotIndex slot) {
    if (!table_.try_make_private(slot)) return false;
    drop_clean(table_.block_of(slot), slot);
    return true;
}

uint32_t BlockCache::drop_expired(Instant now) {
    return order_.drop_expired(now, [this](SlotIndex slot) { return try_drop_expired(slot); });
}

Instant BlockCache::next_expiry() const { return order_.next_expiry(); }

size_t BlockCache::memory_bytes() const {
    return table_.memory_bytes() + links_.of.memory_bytes() + order_.memory_bytes();
}

// ---- reads

std::optional<Found> BlockCache::hit(BlockNumber block, Instant now) {
    const auto slot = table_.find(block);
    return slot ? hit(block, *slot, now) : std::nullopt;
}

std::optional<Found> BlockCache::hit(BlockNumber block, SlotIndex slot, Instant now) {
    const SlotUse use = table_.use_of(slot);
    if (use != SlotUse::Clean && use != SlotUse::Dirty) return std::nullopt;
    ++counters_.read_hits;
    if (use == SlotUse::Dirty) return Found{Found::Kind::Hit, slot};
    order_.touch(slot, block, now);
    return Found{Found::Kind::Hit, slot, table_.clear_unread(slot)};
}

void BlockCache::note_hit(BlockNumber block, SlotIndex slot, Instant now) {
    ++counters_.read_hits;
    const bool still_there =
        table_.use_of(slot) == SlotUse::Clean && table_.block_of(slot) == block;
    if (still_there) order_.touch(slot, block, now);
}

Found BlockCache::look_up(BlockNumber block, ByteRange range, Instant now) {
    const auto slot = table_.find(block);
    if (slot) {
        const auto found = hit(block, *slot, now);
        if (found) return *found;
    }
    if (Record* record = record_of(block)) {
        if (record->zeros || (slot && record->written.covers(range))) {
            ++counters_.read_hits;
            if (record->zeros) return {Found::Kind::Zero, SlotIndex()};
            return {Found::Kind::Hit, *slot};
        }
        if (record->state != BlockState::Partial) {
            return {Found::Kind::Join, SlotIndex(), std::exchange(record->ahead, false)};
        }
    } else if (zero_map_.known_zero(block)) {
        ++counters_.zero_read_hits;
        return {Found::Kind::Zero, SlotIndex()};
    }
    ++counters_.read_misses;
    return {Found::Kind::Fetch, SlotIndex()};
}

bool BlockCache::absent(BlockNumber block) const {
    return record_of(block) == nullptr && !table_.find(block) && !zero_map_.known_zero(block);
}

std::optional<SlotIndex> BlockCache::begin_fetch(BlockNumber block, Need need, Instant now) {
    Record* record = record_of(block);
    // Its object is an old one then.
    CHECK(spilled(block) || (!deletions_.waits(block) && !deletions_.under_way(block)));
    const uint32_t keep = need == Need::Upload ? 0 : settings_.uploads;
    const auto slot = record == nullptr ? take_slot_for_entry(now) : take_slot(keep);
    if (!slot) return std::nullopt;
    if (record == nullptr) record = &records_[block];
    step(*record, BlockEvent::BeginRead);
    record->fetch_slot = slot->value;
    record->ahead = need == Need::Ahead;
    return slot;
}

std::optional<SlotIndex> BlockCache::fill_target(BlockNumber block) const {
    const Record* record = record_of(block);
    CHECK(record != nullptr);
    if (record->state != BlockState::Filling || record->zeros) return std::nullopt;
    if (record->slot == kNoSlot) return std::nullopt;
    return SlotIndex(record->slot);
}

std::vector<ByteRange> BlockCache::gaps(BlockNumber block) const {
    const Record* record = record_of(block);
    CHECK(record != nullptr);
    return record->written.gaps(whole().end);
}

void BlockCache::finish_fetch(BlockNumber block, Instant now) {
    Record* record = record_of(block);
    CHECK(record != nullptr);
    const SlotIndex fetched(record->fetch_slot);
    record->fetch_slot = kNoSlot;
    step(*record, BlockEvent::FinishRead);
    zero_map_.set_present(block);  // whatever a survey did not find
    if (record->state == BlockState::Clean) {
        const bool unread = record->ahead;
        records_.erase(block);
        table_.insert(block, fetched, SlotUse::Clean);
        if (unread) table_.set_unread(fetched);
        order_.push(fetched, block, now);
        return;
    }
    record->written.clear();
    if (record->slot == kNoSlot && !record->zeros) {  // back from the backing
        record->slot = fetched.value;
        table_.insert(block, fetched, SlotUse::Dirty);
        return may_spill(block);
    }
    release_slot(fetched.value);
    if (!record->zeros) table_.make_readable(SlotIndex(record->slot), SlotUse::Dirty);
    settle_if_free(block, *record, now);
}

void BlockCache::finish_fetch_absent(BlockNumber block, Instant now) {
    Record* record = record_of(block);
    CHECK(record != nullptr);
    release_slot(record->fetch_slot);
    record->fetch_slot = kNoSlot;
    step(*record, BlockEvent::FindNothing);
    if (settings_.remember_zeros) zero_map_.set_zero(block);
    if (record->state == BlockState::Absent) {
        records_.erase(block);
        return;
    }
    record->written.clear();
    if (!record->zeros) table_.make_readable(SlotIndex(record->slot), SlotUse::Dirty);
    settle_if_free(block, *record, now);
}

void BlockCache::fail_fetch(BlockNumber block, Instant now) {
    Record* record = record_of(block);
    CHECK(record != nullptr);
    release_slot(record->fetch_slot);
    record->fetch_slot = kNoSlot;
    step(*record, BlockEvent::FailRead);
    if (record->state == BlockState::Absent) {
        records_.erase(block);
        return;
    }
    if (!record->zeros && !record->written.covers(whole())) return;
    step(*record, BlockEvent::WriteWhole);  // writes have covered it meanwhile
    record->written.clear();
    if (!record->zeros) table_.make_readable(SlotIndex(record->slot), SlotUse::Dirty);
    settle_if_free(block, *record, now);
}

}  // namespace s3b::cache
