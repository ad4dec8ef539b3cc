// SPDX-License-Identifier: Apache-2.0
// The half of BlockCache that makes blocks zeros, and remembers which objects have to be deleted
// for that.
#include <algorithm>

#include "cache/block_cache.h"
#include "engine/base/check.h"

namespace s3b::cache {

void BlockCache::discard(BlockNumber block, Instant now) {
    if (Record* record = record_of(block)) {
        ++counters_.write_hits;
        if (!record->zeros) discard_record(block, *record, now);
        return;
    }
    if (const auto slot = table_.find(block)) {
        ++counters_.write_hits;
        return discard_clean(block, *slot, now);
    }
    ++counters_.write_misses;
    if (zero_map_.known_zero(block)) {
        ++counters_.zero_write_hits;
        return;
    }
    await_deletion(block, zero_map_.known_present(block), ++version_, now);
}

void BlockCache::discard(BlockRange range, Instant now) {
    const std::vector<BlockNumber> cached = cached_in(range);
    for (const BlockNumber block : cached) discard(block, now);
    ++version_;
    uint64_t fresh = 0;
    for_words(range, [&](size_t word, uint64_t bits) {
        const uint64_t present = zero_map_.known_present(word);
        const uint64_t added = zero_map_.set_zeros(word, bits);
        deletions_.add(word, added, added & present, version_);
        fresh += static_cast<uint64_t>(std::popcount(added));
    });
    for (const BlockNumber block : cached) {
        if (record_of(block) == nullptr) continue;
        // A transfer is under way: settle_if_free() sees to its deletion once that has ended.
        if (deletions_.waits(block)) --fresh;
        cancel_deletion(block);
        zero_map_.set_unknown(block);
    }
    const uint64_t absent = range.count - cached.size();
    counters_.write_misses += absent;
    counters_.zero_write_hits += absent - fresh;
    if (deletions_.waiting() > 0) note_deletions(now);
}

/// Looks for each block, or at each entry, which takes a fraction of the time.
std::vector<BlockNumber> BlockCache::cached_in(BlockRange range) const {
    constexpr uint64_t kEntriesInTheTimeOfALookUp = 16;
    std::vector<BlockNumber> cached;
    if (range.count * kEntriesInTheTimeOfALookUp <= uint64_t{never_used_} + records_.size()) {
        for (uint64_t n = range.first; n < range.end(); ++n) {
            const BlockNumber block(static_cast<uint32_t>(n));
            if (table_.find(block) || record_of(block) != nullptr) cached.push_back(block);
        }
        return cached;
    }
    for (uint32_t n = 0; n < never_used_; ++n) {
        const SlotIndex slot(n);
        const BlockNumber block = table_.block_of(slot);
        // The number may be one that it had once.
        if (range.contains(block) && table_.find(block) == slot) cached.push_back(block);
    }
    for (const auto& [block, record] : records_) {
        if (range.contains(block) && !table_.find(block)) cached.push_back(block);
    }
    return cached;
}

void BlockCache::discard_clean(BlockNumber block, SlotIndex slot, Instant now) {
    DCHECK(next_state(BlockState::Clean, BlockEvent::Discard) == BlockState::Absent);
    if (table_.clear_unread(slot)) ++counters_.unused_blocks;
    drop_clean(block, slot);
    await_deletion(block, true, ++version_, now);
}

/// The bytes go at once, the record as soon as no transfer needs it.
void BlockCache::discard_record(BlockNumber block, Record& record, Instant now) {
    CHECK(!frozen_.contains(block));
    drop_bytes(block, record);
    step(record, BlockEvent::WriteWhole);
    note_write(block, record, now);
    settle_if_free(block, record, now);
}

void BlockCache::drop_bytes(BlockNumber block, Record& record) {
    record.zeros = true;
    record.written.clear();
    if (record.slot == kNoSlot) return;
    table_.erase(block);
    if (record.slot != record.sent_slot) release_slot(record.slot);
    record.slot = kNoSlot;
}

void BlockCache::settle_if_free(BlockNumber block, Record& record, Instant now) {
    if (record.zeros && record.state == BlockState::Dirty && !record.claimed) {
        settle(block, record, now);
    }
}

void BlockCache::settle(BlockNumber block, Record& record, Instant now) {
    step(record, BlockEvent::Discard);
    const uint64_t version = record.oldest_unstored;
    queue_.remove(block);
    records_.erase(block);
    await_deletion(block, true, version, now);  // something may have been sent
}

bool BlockCache::settle_zeros(BlockNumber block, bool all_zero, Instant now) {
    Record* record = record_of(block);
    CHECK(record != nullptr && record->claimed && record->state == BlockState::Dirty);
    if (!record->zeros && !all_zero) return false;
    drop_bytes(block, *record);
    settle(block, *record, now);
    return true;
}

// ---- deletions

void BlockCache::await_deletion(BlockNumber block, bool certain, uint64_t version, Instant now) {
    zero_map_.set_zero(block);
    deletions_.add(block, certain, version);
    note_deletions(now);
}

void BlockCache::note_deletions(Instant now) {
    if (deletions_due_ == kNever) deletions_due_ = now + settings_.write_delay;
}

std::optional<uint64_t> BlockCache::cancel_deletion(BlockNumber block) {
    const auto version = deletions_.cancel(block);
    note_deletions_gone();
    return version;
}

void BlockCache::note_deletions_gone() {
    if (deletions_.waiting() > 0) return;
    deletions_due_ = kNever;
    deletions_awaited_ = false;
}

Instant BlockCache::next_deletion() const {
    return deletions_due_ == kNever ? kNever : std::max(deletions_due_, deletions_retry_);
}

void BlockCache::hurry_deletions(Instant now) {
    if (deletions_.size() == 0) return;
    deletions_awaited_ = true;
    if (deletions_due_ != kNever) deletions_due_ = std::min(deletions_due_, now);
}

std::optional<BlockRange> BlockCache::claim_deletions(Instant now, uint64_t run_from,
                                                      uint32_t most_chunks) {
    if (next_deletion() > now) return std::nullopt;
    const uint32_t chunks = settings_.remember_zeros ? most_chunks : 1;
    const auto claim = deletions_.claim(run_from, chunks);
    note_deletions_gone();
    return claim;
}

void BlockCache::forget_zeros(BlockNumber block) {
    if (deletions_.waits(block) || !zero_map_.known_zero(block)) return;
    zero_map_.set_unknown(block);
}

void BlockCache::finish_deletion(BlockNumber block) {
    deletions_.end(block);
    if (!settings_.remember_zeros) forget_zeros(block);
}

void BlockCache::finish_deletions(BlockRange claim) {
    deletions_.end_all(claim);
    if (settings_.remember_zeros) return;
    for (uint64_t n = claim.first; n < claim.end(); ++n) {
        forget_zeros(BlockNumber(static_cast<uint32_t>(n)));
    }
}

void BlockCache::retry_deletion(BlockNumber block, Instant due) {
    deletions_.put_back(block);
    if (record_of(block) != nullptr) cancel_deletion(block);  // its upload will do
    retry_at(due);
}

void BlockCache::retry_deletions(BlockRange claim, Instant due) {
    deletions_.put_back_all(claim);
    for (const auto& [block, record] : records_) {
        if (claim.contains(block)) cancel_deletion(block);
    }
    retry_at(due);
}

void BlockCache::retry_at(Instant due) {
    deletions_retry_ = std::max(deletions_retry_, due);
    if (deletions_.waiting() > 0) deletions_due_ = std::min(deletions_due_, due);
}

void BlockCache::finish_survey() {
    zero_map_.finish_survey();
    if (deletions_.waiting() == 0 || !settings_.trust_surveys) return;
    for_words({0, settings_.geometry.blocks.value},
              [this](size_t word, uint64_t) { deletions_.keep(word, zero_map_.objects(word)); });
    note_deletions_gone();
}

}  // namespace s3b::cache
