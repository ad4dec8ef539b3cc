// SPDX-License-Identifier: Apache-2.0
#include "engine/volume.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/log.h"
#include "engine/stats.h"

namespace s3b {

namespace {

/// Without a cache, blocks pass through one of this size all the same: it holds what is on its way.
constexpr uint64_t kTransitBytes = 64 * 1024 * 1024;
constexpr uint64_t kLeastTransitBlocks = 16;
constexpr uint64_t kMostTransitBlocks = 1024;

/// The pause before expired blocks are looked for again if one could not be dropped.
constexpr Duration kExpiryPause = std::chrono::milliseconds(64);

CacheConfig effective(CacheConfig config, const Geometry& geometry) {
    if (config.size == 0) {
        config.file.clear();
        const uint64_t blocks = kTransitBytes / geometry.block_size.value;
        config.size =
            static_cast<uint32_t>(std::clamp(blocks, kLeastTransitBlocks, kMostTransitBlocks));
        config.sync = true;
        config.write_delay = Duration::zero();
        config.timeout = Duration::zero();
        config.max_dirty = 0;
        config.read_ahead = 0;
    }
    config.threads = std::max(config.threads, 1U);
    return config;
}

/// Blocks in memory: all of the cache, or a part of what the file has.
uint32_t blocks_in_memory(const CacheConfig& config, const Geometry& geometry) {
    if (config.file.empty()) return config.size;
    const uint64_t wanted = std::max<uint64_t>(config.memory.value / geometry.block_size.value, 1);
    return static_cast<uint32_t>(std::min<uint64_t>(wanted, config.size));
}

/// An upload that pauses before a retry has left its place: so many more are under way then.
uint32_t uploads_at_once(const VolumeSettings& settings) {
    return 2 * std::max(settings.cache.threads, 1U);
}

/// Without a cache all reads go to the store.
uint32_t hit_readers(const VolumeSettings& settings) {
    return settings.cache.size > 0 ? settings.hit_readers : 0;
}

cache::CacheSettings cache_settings(const VolumeSettings& settings, bool encrypted) {
    const CacheConfig config = effective(settings.cache, settings.geometry);
    cache::CacheSettings result;
    result.geometry = settings.geometry;
    result.size = blocks_in_memory(config, settings.geometry);
    result.dirty_capacity = config.size;
    result.uploads = uploads_at_once(settings);
    result.readers = hit_readers(settings);
    result.max_dirty = config.max_dirty;
    result.write_delay = config.write_delay;
    result.timeout = config.timeout;
    result.policy = config.policy;
    result.protected_blocks = config.protected_blocks;
    result.keep_clean = settings.cache.size > 0;
    result.objects_must_stay = encrypted && !settings.shared;
    result.remember_zeros = !settings.shared;
    result.trust_surveys = !settings.consistency.on;
    result.ordered = settings.fsync == FsyncPolicy::Cache && !config.file.empty();
    return result;
}

/// With a body in memory each.
size_t transfers_at_once(const VolumeSettings& settings) {
    return size_t{Fetcher::demand_at_once(settings.geometry.block_size)} +
           ReadAhead::places(settings.cache) + uploads_at_once(settings);
}

}  // namespace

MemoryBudget Volume::memory_budget(const VolumeSettings& settings, const codec::BlockCodec& codec) {
    MemoryBounds bounds;
    bounds.geometry = settings.geometry;
    const cache::CacheSettings cache = cache_settings(settings, codec.encrypts());
    bounds.slots =
        uint64_t{cache::BlockCache::slots_for(cache).value} + cache::BlockCache::frozen_for(cache);
    if (!settings.cache.file.empty()) bounds.file_slots = settings.cache.size;
    bounds.transfers = transfers_at_once(settings);
    bounds.body = ByteCount(codec.capacity());
    bounds.request = settings.request;
    return s3b::memory_budget(bounds);
}

Volume::Volume(const VolumeSettings& settings, const VolumeNeeds& needs)
    : budget_(memory_budget(settings, needs.codec)),
      cached_(settings.cache.size > 0),
      read_only_(settings.read_only),
      over_http_(settings.over_http),
      fsync_(settings.fsync),
      config_(effective(settings.cache, settings.geometry)),
      parts_(needs, codec::ObjectNames(settings.prefix, settings.block_hash_prefix),
             cache_settings(settings, needs.codec.encrypts()), settings.consistency,
             transfers_at_once(settings)),
      fetcher_(parts_),
      writeback_(parts_, fetcher_, uploads_at_once(settings)),
      read_ahead_(parts_, fetcher_, config_),
      hit_readers_(hit_readers(settings), settings.geometry, parts_.cache.table(), parts_.slots) {
    const auto wake = [](void* volume) { static_cast<Volume*>(volume)->wake_up(); };
    parts_.room.on_wait(wake, this);
    const auto fresh = [](void* slots, SlotIndex slot) {
        static_cast<MemorySlots*>(slots)->begin_use(slot);
    };
    parts_.cache.on_fresh_slot(fresh, &parts_.slots);
    parts_.scheduler.on_free(wake, this);
    if (parts_.file) parts_.file->recover();
}

Volume::~Volume() { parts_.scheduler.on_free(nullptr, nullptr); }

Volume::Piece Volume::piece_at(ByteOffset offset, uint64_t length) const {
    const uint64_t begin = parts_.geometry.offset_in_block(offset);
    const uint64_t end = std::min(begin + length, parts_.geometry.block_size.value);
    return {parts_.geometry.block_of(offset),
            {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)}};
}

Task<Result<void>> Volume::flush() {
    const Timed timed(flush_times_);
    if (fsync_ == FsyncPolicy::None) co_return ok();
    if (fsync_ == FsyncPolicy::Cache && parts_.file && !parts_.file->failed()) {
        co_return co_await flush_to_file();
    }
    co_return co_await flush_to_store();
}

Task<Result<void>> Volume::flush_to_store() {
    const uint64_t version = parts_.cache.version();
    CO_TRY_VOID(co_await write_back());
    // The file must not bring older bytes back.
    if (!parts_.file) co_return ok();
    if (!parts_.file->failed()) {
        const Result<void> kept = co_await parts_.file->durable(version);
        if (kept.has_value()) co_return ok();
    }
    co_await parts_.file->disowned();
    co_return ok();
}

/// What the file cannot keep goes to the store.
Task<Result<void>> Volume::flush_to_file() {
    parts_.cache.close_epoch();
    const uint64_t version = parts_.cache.version();
    const std::vector<BlockNumber> incomplete = parts_.file->incomplete(version);
    if (!incomplete.empty()) parts_.cache.hurry_all();
    for (const BlockNumber block : incomplete) {
        CO_TRY_VOID(co_await writeback_.stored(block, version));
    }
    // A block of zeros that is written again meanwhile is in the other place then: look once more.
    for (bool again = true; again;) {
        const Result<void> kept = co_await parts_.file->durable(version);
        if (!kept.has_value()) co_return co_await flush_to_store();  // it has failed
        std::vector<BlockNumber> dirty = parts_.cache.dirty_up_to(version);
        std::erase_if(dirty, [this](BlockNumber block) { return parts_.file->only_copy(block); });
        again = !dirty.empty() || parts_.cache.deletions().unstored(version);
        if (again) parts_.cache.hurry_all();  // what has to be stored before, too
        for (const BlockNumber block : dirty) {
            CO_TRY_VOID(co_await writeback_.stored(block, version));
        }
        CO_TRY_VOID(co_await writeback_.deleted(version));
    }
    co_return ok();
}

/// Ends when the write of `block` that had `version` survives the end of this process.
Task<Result<void>> Volume::kept(BlockNumber block, uint64_t version) {
    using cache::BlockState;
    Room::Turn turn(parts_.room.writes());
    while (parts_.file->unkept(block, version)) {
        const BlockState state = parts_.cache.state(block);
        if (state == BlockState::Partial || state == BlockState::Filling) {
            CO_TRY_VOID(co_await fill_first(block, turn));
        } else {
            co_await parts_.file->changed();
        }
    }
    co_return ok();
}

Task<Result<void>> Volume::write_back() { co_return co_await writeback_.flush(); }

uint64_t Volume::note_hits() {
    hear_of_hits();
    return std::exchange(hits_not_told_, 0);
}

std::string Volume::stats_text() {
    hear_of_hits();
    StatsInput input;
    input.store = &parts_.store.counters();
    input.blocks = &parts_.counters;
    input.cache = &parts_.cache;
    input.written = &parts_.written;
    input.held = &writeback_.held();
    input.file = parts_.file ? &*parts_.file : nullptr;
    input.scheduler = &parts_.scheduler;
    const Instant dirty_since = parts_.cache.dirty_since();
    if (dirty_since != kNever) input.dirty_age = Scheduler::current().now() - dirty_since;
    input.budget = budget_.total();
    input.cached = cached_;
    input.over_http = over_http_;
    return format_stats(input);
}

MetricsInput Volume::metrics() {
    MetricsInput input;
    input.stats = stats_text();
    input.histograms = {{"fuse", "read", &read_times_},
                        {"fuse", "write", &write_times_},
                        {"fuse", "discard", &discard_times_},
                        {"fuse", "fsync", &flush_times_}};
    const net::StoreCounters& store = parts_.store.counters();
    if (over_http_) {
        input.histograms.insert(input.histograms.end(), {{"s3", "get", &store.get_times},
                                                         {"s3", "put", &store.put_times},
                                                         {"s3", "delete", &store.delete_times}});
    }
    if (more_metrics_) more_metrics_(input);
    return input;
}

void Volume::reset_stats() {
    hear_of_hits();
    for (Histogram* times : {&read_times_, &write_times_, &discard_times_, &flush_times_}) {
        *times = Histogram();
    }
    parts_.store.reset_counters();
    parts_.cache.reset_counters();
    parts_.counters = BlockCounters();
    parts_.written.reset_counters();
    writeback_.reset_counters();
    if (parts_.file) parts_.file->reset_counters();
}

void Volume::wake_up_if_due() {
    if (std::min(writeback_.next_due(), next_expiry()) < next_wake_up_) wake_up();
}

void Volume::drop_expired() {
    hear_of_hits();
    if (parts_.cache.drop_expired(Scheduler::current().now()) > 0) parts_.room.changed();
}

/// kNever without a time-out: nothing wakes an idle volume.
Instant Volume::next_expiry() const {
    const Instant next = parts_.cache.next_expiry();
    if (next == kNever) return kNever;
    return std::max(next, Scheduler::current().now() + kExpiryPause);
}

Task<void> Volume::serve() {
    while (!drained_) {
        parts_.cache.set_pressure(draining_ || parts_.room.awaited());
        drop_expired();
        writeback_.start(net::Urgency::Flush);
        const bool more_to_read = read_ahead_.start();
        writeback_.start(net::Urgency::WriteBack);
        if (more_to_read) {
            co_await yield();
            continue;
        }
        next_wake_up_ = std::min(writeback_.next_due(), next_expiry());
        co_await parts_.background.wait_until(next_wake_up_);
    }
}

void Volume::start_survey(uint32_t threads) {
    CHECK(!survey_);
    const NameOrder order(parts_.names, parts_.geometry.blocks);
    survey_.emplace(parts_.cache, parts_.store, parts_.scheduler, order, threads);
    survey_task_.spawn(run_survey());
    // Its lists may still miss what was written before it began.
    for (const BlockNumber block : parts_.written.with_object(Scheduler::current().now())) {
        parts_.cache.note_object(block);
    }
}

void Volume::start_file_check(uint32_t threads) {
    // Directories tell no ETags.
    if (!over_http_ || !parts_.file || parts_.file->map().unverified_blocks() == 0) return;
    file_check_.emplace(parts_, threads);
    survey_task_.spawn(file_check_->run());
}

Task<void> Volume::run_survey() {
    co_await survey_->run();
    writeback_.deletions_dropped();
    if (parts_.file) parts_.file->deletions_ended();
}

void Volume::abandon() {
    if (parts_.file) parts_.file->abandon();
    writeback_.abandon();
}

Task<void> Volume::drain() {
    draining_ = true;
    if (survey_) survey_->stop();
    if (file_check_) file_check_->stop();
    co_await read_ahead_.stop();
    co_await writeback_.drain();
    if (parts_.file) {
        const Result<void> settled = co_await parts_.file->settle();
        file_is_complete_ = settled.has_value();
    }
    parts_.store.stop_lists();
    co_await survey_task_.join();
    const Result<void> flushed = co_await parts_.store.flush();
    if (!flushed.has_value()) {
        log::error("the store could not make the last writes safe",
                   log::kv("error", flushed.error()));
    }
    drained_ = true;
    wake_up();
}

}  // namespace s3b
