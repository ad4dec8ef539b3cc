// SPDX-License-Identifier: Apache-2.0
// What may happen to a cached block: states, events and the table of legal steps. Pure data.
// Source: cache-and-consistency.md 2.2, 2.3 and 7.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace s3b::cache {

enum class BlockState : uint8_t {
    Absent,     // not cached
    Reading,    // the first download is under way; no valid bytes yet
    Clean,      // equal to the store
    Partial,    // some bytes were written, the others are still only in the store
    Filling,    // like Partial, and the download of the other bytes is under way
    Dirty,      // newer than the store, waiting to be written back
    Writing,    // an upload of exactly these bytes is under way
    Rewritten,  // an upload is under way, but the bytes have changed since it began
};
inline constexpr int kBlockStates = 8;

enum class BlockEvent : uint8_t {
    BeginRead,    // a download starts
    FinishRead,   // it brought bytes
    FindNothing,  // it found no object: zeros
    FailRead,
    WritePart,   // some bytes are written
    WriteWhole,  // after this write all bytes are known
    BeginPut,    // an upload starts
    FinishPut,   // the object was stored
    FailPut,
    Discard,  // it becomes zeros: the zero map and Deletions remember that, not the cache
    Evict,
    Spill,  // its bytes leave the memory for the cache file
};
inline constexpr int kBlockEvents = 12;

struct Transition {
    BlockState from;
    BlockEvent event;
    BlockState to;
};

/// Every legal step of a cached block. A step that is not here is a bug of the caller.
inline constexpr auto kTransitions = [] {
    using enum BlockState;
    using enum BlockEvent;
    return std::to_array<Transition>({
        {Absent, BeginRead, Reading},  // a miss: one reader fetches, the others join
        {Reading, FinishRead, Clean},
        {Reading, FindNothing, Absent},  // the zero map remembers it
        {Reading, FailRead, Absent},
        {Reading, WritePart, Filling},   // the download goes on and fills the gaps
        {Reading, WriteWhole, Filling},  // the download's bytes will not be used
        {Absent, WritePart, Partial},    // nothing is fetched until somebody needs the gaps
        {Absent, WriteWhole, Dirty},
        {Clean, WritePart, Dirty},
        {Clean, WriteWhole, Dirty},
        {Clean, Evict, Absent},  // only clean blocks are evicted
        {Clean, Discard, Absent},
        {Partial, Discard, Absent},
        {Dirty, Discard, Absent},  // transfers under way end first
        {Partial, WritePart, Partial},
        {Partial, WriteWhole, Dirty},  // fully covered: nothing needs to be fetched
        {Partial, BeginRead, Filling},
        {Filling, WritePart, Filling},
        {Filling, WriteWhole, Filling},
        {Filling, FinishRead, Dirty},
        {Filling, FindNothing, Dirty},
        {Filling, FailRead, Partial},
        {Dirty, WritePart, Dirty},
        {Dirty, WriteWhole, Dirty},
        {Dirty, Spill, Partial},  // none of its bytes are in memory, the file has all of them
        {Dirty, BeginPut, Writing},
        {Writing, WritePart, Rewritten},  // the upload carries the old bytes
        {Writing, WriteWhole, Rewritten},
        {Writing, FinishPut, Clean},
        {Writing, FailPut, Dirty},
        {Rewritten, WritePart, Rewritten},
        {Rewritten, WriteWhole, Rewritten},
        {Rewritten, FinishPut, Dirty},
        {Rewritten, FailPut, Dirty},
    });
}();

/// Where `event` leads from `from`; nullopt if it must not happen there.
constexpr std::optional<BlockState> next_state(BlockState from, BlockEvent event) {
    for (const Transition& step : kTransitions) {
        if (step.from == from && step.event == event) return step.to;
    }
    return std::nullopt;
}

/// Whether the block holds bytes that the store has not: it counts as dirty.
constexpr bool is_dirty(BlockState state) {
    return state != BlockState::Absent && state != BlockState::Reading &&
           state != BlockState::Clean;
}

}  // namespace s3b::cache
