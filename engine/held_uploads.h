// SPDX-License-Identifier: Apache-2.0
// Uploads that are due but may not begin yet: the last one of the block has just ended, or the
// table of written blocks is full. Their blocks wait here, dirty; they take no place and can be
// rewritten. Pure, no I/O, no clock. Source: cache-and-consistency.md 4.4, 4.8.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "engine/written_blocks.h"

namespace s3b {

/// Belongs to the reactor's thread. Memory: about 90 bytes a block held.
class HeldUploads {
public:
    explicit HeldUploads(WrittenBlocks& written) : written_(written) {}

    /// Whether the upload of `block`, which must not be held, may begin now; it then has begun in
    /// the table of written blocks. Else the block is held. O(1) or, if held, O(log n).
    bool admit(BlockNumber block, bool awaited, Instant now);
    /// Takes out the next block whose upload may begin now, and begins it in the table, in the
    /// order of their times, then of their coming; nullopt if there is none, or with
    /// `awaited_only`, if nobody waits for that one.
    std::optional<BlockNumber> pop_ready(Instant now, bool awaited_only);
    /// Somebody waits for `block`, if it is held.
    void hurry(BlockNumber block);
    /// When pop_ready() may have something if no upload ends; kNever if not before.
    Instant next_ready();
    size_t size() const { return held_.size(); }

    // How long uploads were held, those included that are not any more. Those held now do not
    // count yet.

    Duration full_time() const { return full_time_; }    // the table was full
    Duration delay_time() const { return delay_time_; }  // the last upload was too recent
    void reset_counters() { full_time_ = delay_time_ = Duration::zero(); }

private:
    struct Held {
        Instant since;
        bool awaited;
    };
    struct Delayed {
        Instant until;
        uint64_t ticket;  // in the order of their coming
        BlockNumber block;
        bool operator>(const Delayed& other) const {
            return until != other.until ? until > other.until : ticket > other.ticket;
        }
    };

    bool may_begin(BlockNumber block, Instant now);
    void wait_for_room(BlockNumber block, bool awaited, Instant now);
    std::optional<BlockNumber> pop_delayed(Instant now, bool awaited_only);
    std::optional<BlockNumber> pop_roomless(Instant now, bool awaited_only);
    Held release(BlockNumber block, Instant now, Duration& time);

    WrittenBlocks& written_;
    std::unordered_map<BlockNumber, Held> held_;
    std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> delayed_;
    std::deque<BlockNumber> roomless_;  // first come, first served
    uint64_t next_ticket_ = 0;
    Duration full_time_{};
    Duration delay_time_{};
};

}  // namespace s3b
