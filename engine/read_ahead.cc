// SPDX-License-Identifier: Apache-2.0
#include "engine/read_ahead.h"

#include <algorithm>

#include "engine/base/log.h"

namespace s3b {

namespace {

ReadStreams::Settings stream_settings(const CacheConfig& config, const Geometry& geometry) {
    // Blocks read ahead shall not drive out each other, nor all that was read before.
    const uint64_t bytes_allow = config.read_ahead_max.value / geometry.block_size.value;
    const uint64_t bound = std::min<uint64_t>(bytes_allow, config.size / 2);
    ReadStreams::Settings settings;
    settings.blocks = geometry.blocks;
    settings.trigger = config.read_ahead_trigger;
    settings.window = config.read_ahead;
    settings.bound = static_cast<uint32_t>(std::max<uint64_t>(bound, 1));
    return settings;
}

}  // namespace

uint32_t ReadAhead::places(const CacheConfig& config) {
    if (config.size == 0) return 1;
    return std::clamp(config.read_ahead.value_or(kMaxPlaces), 1U, kMaxPlaces);
}

ReadAhead::ReadAhead(VolumeParts& parts, Fetcher& fetcher, const CacheConfig& config)
    : parts_(parts),
      fetcher_(fetcher),
      off_(config.read_ahead == 0U),
      streams_(stream_settings(config, parts.geometry)) {
    const auto note_unused = [](void* streams, BlockNumber block) {
        static_cast<ReadStreams*>(streams)->note_unused(block);
    };
    parts_.cache.on_unused(note_unused, &streams_);
}

ReadAhead::~ReadAhead() { parts_.cache.on_unused(nullptr, nullptr); }

void ReadAhead::note_read(BlockNumber block, const cache::Found& found) {
    if (!off_) streams_.note_read(block, answer_of(found));
}

ReadStreams::Answer ReadAhead::answer_of(const cache::Found& found) const {
    using Kind = cache::Found::Kind;
    using enum ReadStreams::Answer;
    if (held_up_) return AtHand;  // larger windows would change nothing
    if (found.kind == Kind::Fetch) return Missed;
    return found.kind == Kind::Join && found.ahead ? Joined : AtHand;
}

/// Clients go first: what they wait for is not given to blocks that nobody has asked for.
bool ReadAhead::may_start() const {
    return !parts_.room.awaited() && parts_.scheduler.has_place(net::Urgency::ReadAhead);
}

bool ReadAhead::start() {
    uint32_t started = 0;
    uint32_t looked_at = 0;
    held_up_ = true;
    while (streams_.wants() && !off_) {
        if (!may_start()) return false;
        if (started == kStartsAtOnce || looked_at == kLooksAtOnce) return true;
        ++looked_at;
        const auto claim = streams_.claim();
        if (!claim) break;
        if (!parts_.cache.absent(claim->block)) continue;
        const auto slot = parts_.cache.begin_fetch(claim->block, cache::BlockCache::Need::Ahead,
                                                   Scheduler::current().now());
        if (!slot) {
            streams_.give_back(*claim);
            return false;
        }
        tasks_.spawn(fetch(claim->block, *slot));
        ++started;
    }
    held_up_ = false;
    return false;
}

Task<void> ReadAhead::fetch(BlockNumber block, SlotIndex slot) {
    net::Ticket ticket(parts_.scheduler, net::Urgency::ReadAhead);
    co_await ticket.take();
    const Result<void> fetched = co_await fetcher_.fetch(block, slot, Fetcher::Wanted(), ticket);
    if (fetched.has_value()) {
        ++parts_.counters.read_ahead;
    } else {
        log::debug("read-ahead failed, the block is fetched when it is read",
                   log::kv("block", block), log::kv("error", fetched.error()));
    }
    ticket.give_back();
}

Task<void> ReadAhead::stop() {
    off_ = true;
    co_await tasks_.join();
}

}  // namespace s3b
