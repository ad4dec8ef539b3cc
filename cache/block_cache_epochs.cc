// SPDX-License-Identifier: Apache-2.0
// The order in which writes reach the store, where that is wanted: what was written before an fsync
// before what was written after it. A block that is written again too early is copied first.
#include <algorithm>

#include "cache/block_cache.h"
#include "engine/base/check.h"

namespace s3b::cache {

uint32_t BlockCache::frozen_for(const CacheSettings& settings) {
    return settings.ordered ? std::max(settings.size / 4, kLeastFrozen) : 0;
}

void BlockCache::close_epoch() {
    if (!settings_.ordered) return;
    while (!epochs_.empty() && !unstored_up_to(epochs_.front(), std::nullopt)) {
        epochs_.pop_front();
    }
    if (!unstored_up_to(version_, std::nullopt)) return;
    if (epochs_.empty() || epochs_.back() < version_) epochs_.push_back(version_);
}

/// The last write of the epoch before that of `version`; 0 if there was none.
uint64_t BlockCache::epoch_before(uint64_t version) const {
    const auto later = std::ranges::lower_bound(epochs_, version);
    return later == epochs_.begin() ? 0 : *std::prev(later);
}

void BlockCache::set_oldest(BlockNumber block, Record& record, uint64_t version, Instant since) {
    record.oldest_unstored = version;
    record.unstored_since = since;
    by_age_.push({version, block, since});
    if (by_age_.size() <= 2 * records_.size() + kLeastFrozen) return;
    std::vector<Aged> current;
    for (const auto& [other, its] : records_) {
        if (its.oldest_unstored == 0) continue;
        current.push_back({its.oldest_unstored, other, its.unstored_since});
    }
    by_age_ = decltype(by_age_)(std::greater<>(), std::move(current));
}

/// The block with the oldest write that is not stored, but for one.
std::optional<BlockCache::Aged> BlockCache::oldest(std::optional<BlockNumber> except) {
    std::optional<Aged> spared;
    std::optional<Aged> found;
    while (!by_age_.empty() && !found) {
        const Aged top = by_age_.top();
        const Record* record = record_of(top.block);
        const bool current = record != nullptr && record->oldest_unstored == top.version;
        if (!current || (spared && *spared == top)) {
            by_age_.pop();
        } else if (top.block == except) {
            spared = top;
            by_age_.pop();
        } else {
            found = top;
        }
    }
    if (spared) by_age_.push(*spared);
    return found;
}

Instant BlockCache::dirty_since() {
    const auto first = oldest(std::nullopt);
    return first ? first->since : kNever;
}

/// Whether a write up to `version`, but for those of one block, is not stored.
bool BlockCache::unstored_up_to(uint64_t version, std::optional<BlockNumber> except) {
    if (version == 0) return false;
    const auto first = oldest(except);
    return (first && first->version <= version) || deletions_.unstored(version);
}

bool BlockCache::closed_unstored() {
    return !epochs_.empty() && unstored_up_to(epochs_.back(), std::nullopt);
}

/// Whether the bytes of a block have to reach the store as they are before it is written again.
bool BlockCache::must_be_kept(BlockNumber block, const Record& record) {
    if (epochs_.empty() || record.oldest_unstored == 0) return false;
    return record.newest <= epochs_.back() && unstored_up_to(epochs_.back(), block);
}

bool BlockCache::may_send(BlockNumber block) {
    if (epochs_.empty()) return true;
    if (frozen_.contains(block)) return false;
    return !unstored_up_to(epoch_before(records_.at(block).newest), block);
}

void BlockCache::park(BlockNumber block) {
    parked_.insert({epoch_before(records_.at(block).newest), block});
}

/// The first of `waiting` that `may_go`; those that wait for nobody, or the one that all wait for.
template <class MayGo>
std::optional<BlockNumber> BlockCache::take_ordered(std::set<Aged>& waiting, MayGo may_go) {
    if (waiting.empty()) return std::nullopt;
    const auto first = oldest(std::nullopt);
    for (auto i = waiting.begin(); i != waiting.end(); ++i) {
        if (first && i->version >= first->version) break;
        if (!may_go(i->block)) continue;
        const BlockNumber block = i->block;
        waiting.erase(i);
        return block;
    }
    if (!first || !may_go(first->block)) return std::nullopt;
    const auto found = std::ranges::find(waiting, first->block, &Aged::block);
    if (found == waiting.end()) return std::nullopt;
    waiting.erase(found);
    return first->block;
}

std::optional<BlockNumber> BlockCache::pop_parked() {
    return take_ordered(parked_, [this](BlockNumber block) { return may_send(block); });
}

// ---- frozen versions

/// Notes that the bytes of `block` are copied before they change; where to.
uint32_t BlockCache::freeze(BlockNumber block, Record& record) {
    Frozen version;
    version.buffer = free_frozen_.back();
    free_frozen_.pop_back();
    std::deque<Frozen>& versions = frozen_[block];
    const bool only = versions.empty() && record.state != BlockState::Rewritten;
    version.first = only ? record.oldest_unstored : record.rewritten_since;
    version.since = only ? record.unstored_since : record.rewritten_at;
    version.newest = record.newest;
    version.being_sent = record.state == BlockState::Writing;
    versions.push_back(version);
    record.rewritten_since = 0;
    if (versions.size() == 1 && !version.being_sent) await_turn(block);
    if (!record.claimed && record.state == BlockState::Dirty) queue_.remove(block);
    return version.buffer;
}

void BlockCache::await_turn(BlockNumber block) {
    frozen_order_.insert({epoch_before(frozen_.at(block).front().newest), block});
}

std::optional<FrozenBlock> BlockCache::begin_frozen(Instant now) {
    if (now < frozen_retry_) return std::nullopt;
    const auto block = take_ordered(frozen_order_, [this](BlockNumber candidate) {
        const auto found = frozen_.find(candidate);
        if (found == frozen_.end() || deletions_.under_way(candidate)) return false;
        if (record_of(candidate)->sent_slot != kNoSlot) return false;
        return !unstored_up_to(epoch_before(found->second.front().newest), candidate);
    });
    if (!block) return std::nullopt;
    frozen_.at(*block).front().being_sent = true;
    zero_map_.set_unknown(*block);
    return FrozenBlock{*block, SlotIndex(frozen_.at(*block).front().buffer)};
}

/// The oldest version of `block` is stored.
void BlockCache::drop_frozen(BlockNumber block) {
    std::deque<Frozen>& versions = frozen_.at(block);
    free_frozen_.push_back(versions.front().buffer);
    versions.pop_front();
    if (versions.empty()) {
        frozen_.erase(block);
    } else {
        await_turn(block);
    }
}

void BlockCache::finish_frozen(BlockNumber block) {
    Record& record = records_.at(block);
    zero_map_.set_present(block);
    drop_frozen(block);
    record.failures = 0;
    take_next_version(block, record);
}

/// After the end of a version: the next one is the oldest.
void BlockCache::take_next_version(BlockNumber block, Record& record) {
    const auto found = frozen_.find(block);
    if (found != frozen_.end()) {
        const Frozen& next = found->second.front();
        return set_oldest(block, record, next.first, next.since);
    }
    set_oldest(block, record, record.rewritten_since, record.rewritten_at);
    record.rewritten_since = 0;
}

void BlockCache::fail_frozen(BlockNumber block, Instant due) {
    ++records_.at(block).failures;
    frozen_.at(block).front().being_sent = false;
    frozen_retry_ = std::max(frozen_retry_, due);
    await_turn(block);
}

Instant BlockCache::next_frozen(Instant now) const {
    return frozen_order_.empty() || frozen_retry_ <= now ? kNever : frozen_retry_;
}

}  // namespace s3b::cache
