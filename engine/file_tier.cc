// SPDX-License-Identifier: Apache-2.0
#include "engine/file_tier.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/log.h"

namespace s3b {

using cache::BlockState;

namespace {
bool is_up_to(uint64_t since, uint64_t version) { return since != 0 && since <= version; }
}  // namespace

FileTier::FileTier(cache::BlockCache& cache, const MemorySlots& slots, Room& room,
                   FileTierNeeds needs)
    : cache_(cache),
      slots_(slots),
      room_(room),
      map_(needs.map),
      entries_(needs.device, needs.map, *this),
      zero_block_(SlotCount(1), needs.map.layout().block_size),
      owner_(needs.owner) {
    needs.device.will_use(slots.all());
    cache_.set_backing(*this);
}

void FileTier::recover() {
    counters_.loaded = map_.used();
    const Instant now = Scheduler::current().now();
    map_.for_dirty([this, now](BlockNumber block) { cache_.recover(block, now); });
}

/// What is in memory is used there: the file does not see that.
bool FileTier::is_hot(BlockNumber block) const { return cache_.table().find(block).has_value(); }

bool FileTier::is_unstored(BlockNumber block) const {
    return cache_.unstored(block, cache_.version());
}

// ---- reading

bool FileTier::readable(BlockNumber block) const {
    if (failed_) return false;  // nothing is kept in line any more
    const auto slot = map_.find(block);
    if (!slot || !(map_.is_clean(*slot) || map_.is_dirty(*slot))) return false;
    const auto found = jobs_.find(block);
    return found == jobs_.end() || !found->second.drop;
}

ETag FileTier::unverified(BlockNumber block) const {
    const auto slot = map_.find(block);
    return slot ? map_.unverified(*slot) : std::nullopt;
}

void FileTier::compare(BlockNumber block, const ETag& etag) {
    const auto slot = map_.find(block);
    if (!slot || !map_.unverified(*slot)) return;
    const bool same = map_.unverified(*slot) == etag;
    ++(same ? counters_.verified : counters_.mismatched);
    if (!same) forget(block);  // from now on it is not readable
    map_.set_verified(*slot);
}

void FileTier::forget(BlockNumber block) {
    if (!map_.find(block)) return;
    job(block).drop = true;
    start(block);
}

void FileTier::read_failed(BlockNumber block, const Error& error) {
    ++counters_.failures;
    log::error("a block of the cache file cannot be read, it is fetched from the store",
               log::kv("block", block), log::kv("error", error));
    forget(block);
}

Task<Result<void>> FileTier::read(BlockNumber block, std::span<std::byte> into) {
    const Result<void> loaded = co_await entries_.load(block, into);
    if (loaded.has_value()) ++counters_.read;
    co_return loaded;
}

bool FileTier::only_copy(BlockNumber block) const {
    const auto slot = map_.find(block);
    return slot && map_.is_dirty(*slot);
}

// ---- what has happened in memory

void FileTier::wrote(BlockNumber block, cache::ByteRange range) {
    if (failed_) return;
    Job& todo = job(block);
    todo.changed = todo.since == 0 ? range
                                   : cache::ByteRange{std::min(todo.changed.begin, range.begin),
                                                      std::max(todo.changed.end, range.end)};
    if (todo.since == 0) todo.since = cache_.version();
    if (todo.drop) todo.changed = {0, block_size()};
    todo.clean = false;
    start(block);
}

void FileTier::zeroed(cache::BlockRange range) {
    const cache::ByteRange whole{0, block_size()};
    for (const BlockNumber block : map_.blocks_in(range)) wrote(block, whole);
    for (auto& [block, todo] : jobs_) {
        if (range.contains(block)) wrote(block, whole);
    }
}

void FileTier::fetched(BlockNumber block, const ETag& etag) {
    if (failed_ || !etag || jobs_.size() >= kMostInserts || jobs_.contains(block)) return;
    if (map_.find(block)) return;
    job(block).clean = true;
    job(block).etag = etag;
    start(block);
}

void FileTier::stored(BlockNumber block, const ETag& etag) {
    if (failed_ || cache_.state(block) != BlockState::Clean) return;
    if (!map_.find(block) && !jobs_.contains(block)) return;
    job(block).clean = true;
    job(block).etag = etag;
    start(block);
    entries_.memory_changed();
    changed_.wake_all();
}

void FileTier::completed(BlockNumber block) {
    if (jobs_.contains(block)) start(block);
}

void FileTier::deletions_ended() {
    for (auto i = zeros_.begin(); i != zeros_.end();) {
        const BlockNumber block = *i;
        if (zeros_are_needed(block) || jobs_.contains(block)) {
            ++i;
            continue;
        }
        i = zeros_.erase(i);
        if (cache_.state(block) == BlockState::Absent) forget(block);
    }
    entries_.memory_changed();
    changed_.wake_all();
}

/// Whether the object of a block that became zeros may still be there.
bool FileTier::zeros_are_needed(BlockNumber block) const {
    const cache::Deletions& deletions = cache_.deletions();
    return cache_.state(block) != BlockState::Absent || deletions.waits(block) ||
           deletions.under_way(block);
}

bool FileTier::holds(BlockNumber block) const {
    return !failed_ && only_copy(block) && !jobs_.contains(block);
}

void FileTier::left(BlockNumber block) {
    const auto found = jobs_.find(block);
    if (found == jobs_.end()) return;
    Job& todo = found->second;
    if (todo.since != 0) todo.drop = true;  // what the file has is older than what is stored
    todo.since = 0;
    todo.clean = false;
}

// ---- waiting

bool FileTier::unkept(BlockNumber block, uint64_t version) const {
    if (failed_) return false;
    const auto found = jobs_.find(block);
    if (found == jobs_.end() || !cache_.unstored(block, version)) return false;
    const Job& todo = found->second;
    return is_up_to(todo.since, version) || is_up_to(todo.writing_since, version);
}

bool FileTier::holds_back(cache::BlockRange range) const {
    if (abandoned_) return false;
    if (failed_) return !disowned_;
    const auto passes_as_clean = [this](BlockNumber block, const Job& todo) {
        if (todo.since == 0 && todo.writing_since == 0) return false;
        const auto slot = map_.find(block);
        return slot && !map_.is_dirty(*slot) && !incomplete(block);
    };
    if (range.count == 1) {
        const BlockNumber block(static_cast<uint32_t>(range.first));
        const auto found = jobs_.find(block);
        return found != jobs_.end() && passes_as_clean(block, found->second);
    }
    return std::ranges::any_of(jobs_, [&](const auto& entry) {
        return range.contains(entry.first) && passes_as_clean(entry.first, entry.second);
    });
}

std::vector<BlockNumber> FileTier::incomplete(uint64_t version) const {
    std::vector<BlockNumber> blocks;
    for (const auto& [block, todo] : jobs_) {
        if (unkept(block, version) && incomplete(block)) blocks.push_back(block);
    }
    return blocks;
}

Task<Result<void>> FileTier::durable(uint64_t version) {
    const auto waits = [this, version](const auto& entry) {
        const auto& [block, todo] = entry;
        if (todo.drop) return true;  // what the file has is older than what is stored
        const bool old = is_up_to(todo.since, version) || is_up_to(todo.writing_since, version);
        // What is stored already matters if the file says something else.
        if (!cache_.unstored(block, version)) return old && map_.find(block);
        return old && !incomplete(block);
    };
    while (std::ranges::any_of(jobs_, waits)) {
        co_await changed_.wait();
    }
    if (failed_) co_return Error(Errc::Io, "the cache file has failed");
    const Result<void> synced = co_await entries_.durable();
    if (!synced.has_value()) fail(synced.error());
    co_return synced;
}

Task<Result<void>> FileTier::settle() {
    entries_.hurry();
    co_await tasks_.join();
    Result<void> synced;
    if (!failed_) {
        synced = co_await entries_.durable();
    }
    co_await entries_.join();
    if (failed_) co_return Error(Errc::Io, "the cache file has failed");
    co_return synced;
}

// ---- bringing both in line

void FileTier::start(BlockNumber block) {
    Job& todo = job(block);
    if (todo.inserting) entries_.sync_now();
    if (todo.running) return;
    todo.running = true;
    tasks_.spawn(run(block));
}

Task<void> FileTier::run(BlockNumber block) {
    Job& todo = job(block);
    co_await yield();  // what is written in this turn goes along
    for (;;) {
        if (todo.since == 0 && !todo.clean && zeros_.contains(block) && !zeros_are_needed(block)) {
            zeros_.erase(block);
            todo.drop = true;
        }
        if (failed_ || (todo.since == 0 && !todo.drop && !todo.clean)) break;
        if (todo.since != 0 && incomplete(block)) {
            todo.running = false;  // completed() goes on
            co_return;
        }
        const Result<void> done = co_await step(block, todo);
        if (!done.has_value()) fail(done.error());
        changed_.wake_all();
    }
    jobs_.erase(block);
    cache_.may_spill(block);
    changed_.wake_all();
    room_.changed();
}

Task<Result<void>> FileTier::step(BlockNumber block, Job& todo) {
    if (todo.drop) {
        const Result<void> dropped = co_await entries_.drop(block);
        todo.drop = false;
        co_return dropped;
    }
    if (todo.since != 0) co_return co_await keep(block, todo);
    co_return co_await make_clean(block, todo);
}

bool FileTier::incomplete(BlockNumber block) const {
    const BlockState state = cache_.state(block);
    return state == BlockState::Reading || state == BlockState::Partial ||
           state == BlockState::Filling;
}

Task<Result<void>> FileTier::keep(BlockNumber block, Job& todo) {
    const auto slot = cache_.table().find(block);
    if (slot) co_return co_await keep_bytes(block, todo, slot);
    if (!cache_.is_zero(block)) {  // stored, and gone from memory
        todo.since = 0;
        todo.drop = true;
        co_return ok();
    }
    if (!map_.find(block)) {  // a deletion waits: no entry says anything else
        todo.since = 0;
        co_return ok();
    }
    zeros_.insert(block);
    co_return co_await keep_bytes(block, todo, std::nullopt);
}

Task<Result<void>> FileTier::keep_bytes(BlockNumber block, Job& todo,
                                        std::optional<SlotIndex> slot) {
    const cache::ByteRange range = todo.changed;
    todo.writing_since = todo.since;
    todo.since = 0;
    std::span<const std::byte> bytes = zero_block_.all();
    if (slot) {
        cache_.table().pin(*slot);
        bytes = slots_.bytes(*slot);
    }
    const Result<void> kept = co_await entries_.put_dirty(block, bytes, range);
    todo.writing_since = 0;
    if (slot) {
        cache_.table().unpin(*slot);
        room_.changed();
    }
    co_return kept;
}

Task<Result<void>> FileTier::make_clean(BlockNumber block, Job& todo) {
    todo.clean = false;
    const auto slot = cache_.table().find(block);
    const auto kept = map_.find(block);
    const auto wanted = [&todo] { return todo.since == 0 && !todo.drop; };
    if (kept && map_.is_dirty(*kept)) {
        zeros_.erase(block);
        co_return co_await entries_.mark_clean(block, todo.etag, wanted);
    }
    if (kept || !slot || cache_.state(block) != BlockState::Clean || !todo.etag) co_return ok();
    co_return co_await insert(block, todo, *slot);
}

Task<Result<void>> FileTier::insert(BlockNumber block, Job& todo, SlotIndex slot) {
    const auto wanted = [&todo] { return todo.since == 0 && !todo.drop; };
    const auto written = [this, slot] {
        cache_.table().unpin(slot);
        room_.changed();
    };
    cache_.table().pin(slot);
    todo.inserting = true;
    const Result<void> inserted =
        co_await entries_.put_clean(block, slots_.bytes(slot), todo.etag, written, wanted);
    todo.inserting = false;
    co_return inserted;
}

void FileTier::abandon() {
    abandoned_ = true;
    entries_.memory_changed();
    changed_.wake_all();
}

void FileTier::fail(const Error& error) {
    ++counters_.failures;
    if (failed_) return;
    failed_ = true;
    log::error(
        "the cache file has failed: going on from memory and the store, a crash may lose what "
        "is not stored",
        log::kv("error", error));
    entries_.give_up();
    changed_.wake_all();
    tasks_.spawn(disown());
}

Task<void> FileTier::disowned() {
    while (failed_ && !disowned_) {
        co_await changed_.wait();
    }
}

/// Until then nothing is stored: the older bytes of the file could come back over it.
Task<void> FileTier::disown() {
    while (owner_ != nullptr && !abandoned_) {
        const Result<void> disowned = co_await owner_->disown();
        if (disowned.has_value()) break;
        log::error("the failed cache file cannot be disowned, nothing is stored until it is",
                   log::kv("error", disowned.error()));
        co_await sleep_for(kDisownPause);
    }
    disowned_ = true;
    changed_.wake_all();
}

}  // namespace s3b
