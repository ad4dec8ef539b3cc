// SPDX-License-Identifier: Apache-2.0
// Fetches blocks before they are asked for, when reads are sequential. One stream, with the window
// and the trigger as documented. Source: cache-and-consistency.md 2.12 (not its defects: nothing
// beyond the end of the volume, nothing before the first read, the whole window at once).
#pragma once

#include <cstdint>
#include <optional>

#include "engine/fetcher.h"
#include "engine/reactor/task_group.h"
#include "engine/volume_parts.h"

namespace s3b {

/// Belongs to the reactor's thread.
class ReadAhead {
public:
    /// `window`: blocks ahead of the last one read, 0 = off. `trigger`: so many blocks in sequence
    /// start it; 0 counts as 1.
    ReadAhead(VolumeParts& parts, Fetcher& fetcher, uint32_t window, uint32_t trigger);

    /// Takes note of a client's read of `block`.
    void note_read(BlockNumber block);
    /// Starts the downloads that are wanted, as far as there are places and room for them.
    void start();
    /// Starts no more; ends when those under way have.
    Task<void> stop();

private:
    Task<void> fetch(BlockNumber block, SlotIndex slot);
    bool wanted() const { return run_ >= trigger_ && ahead_ < window_; }

    VolumeParts& parts_;
    Fetcher& fetcher_;
    uint32_t window_;
    uint32_t trigger_;
    std::optional<BlockNumber> last_;  // the last block read
    uint64_t run_ = 0;                 // length of the sequence that ends with it
    uint32_t ahead_ = 0;               // blocks after it that are claimed
    TaskGroup tasks_;
};

}  // namespace s3b
