// SPDX-License-Identifier: Apache-2.0
// Fetches blocks before they are asked for: of every sequential stream of reads the next ones, as
// far as there are places and room for them. Which those are is decided in read_streams.h.
// Source: cache-and-consistency.md 2.12, 7 (11, 12); command-line.md 2.5.
#pragma once

#include <cstdint>

#include "engine/config.h"
#include "engine/fetcher.h"
#include "engine/reactor/task_group.h"
#include "engine/read_streams.h"
#include "engine/volume_parts.h"

namespace s3b {

/// Belongs to the reactor's thread.
class ReadAhead {
public:
    /// As many fetches are under way at once, at the most, if the windows adapt or are larger.
    static constexpr uint32_t kMaxPlaces = 256;
    /// So many fetches are started, and blocks looked at, before others may run.
    static constexpr uint32_t kStartsAtOnce = 64;
    static constexpr uint32_t kLooksAtOnce = 1024;

    /// `config` as it is in effect. The cache of `parts` tells it about unused blocks.
    ReadAhead(VolumeParts& parts, Fetcher& fetcher, const CacheConfig& config);
    ~ReadAhead();

    /// How many fetches may be under way at once, at least 1: the window of one stream if it is
    /// given.
    static uint32_t places(const CacheConfig& config);

    /// Takes note of a client's read of `block`, for which the cache had `found`.
    void note_read(BlockNumber block, const cache::Found& found);
    /// Starts the fetches that are wanted: the streams take turns, the nearest blocks come first.
    /// True if there is more to do at once, after others have run.
    bool start();
    /// Starts no more; ends when those under way have.
    Task<void> stop();

private:
    Task<void> fetch(BlockNumber block, SlotIndex slot);
    bool may_start() const;
    ReadStreams::Answer answer_of(const cache::Found& found) const;

    VolumeParts& parts_;
    Fetcher& fetcher_;
    bool off_;
    bool held_up_ = false;  // something else than the windows was in the way of the last start()
    ReadStreams streams_;
    TaskGroup tasks_;
};

}  // namespace s3b
