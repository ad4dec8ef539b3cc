// SPDX-License-Identifier: Apache-2.0
// What FUSE needs of a volume. engine/volume implements it; daemon.cc joins the two.
#pragma once

#include <sys/uio.h>

#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/types.h"
#include "engine/reactor/task.h"

namespace s3b::fusell {

/// Reads what is cached in a thread beside the reactor's: one for each thread, which owns it.
class HitReader {
public:
    virtual ~HitReader() = default;
    /// Fills `into` from `offset` on if all of that lies in one cached block, and sees what was
    /// written before; lock-free. False: nothing has happened, the volume has to be asked.
    virtual bool read_hit(ByteOffset offset, std::span<std::byte> into) = 0;
};

/// A block device. All ranges lie inside the volume (the caller has clipped or refused others).
/// Many calls may be under way at once; a read that starts after a write has ended sees it.
/// Belongs to the reactor's thread.
class VolumePort {
public:
    virtual ~VolumePort() = default;

    virtual Geometry geometry() const = 0;
    /// A read of what is all at hand, without copying it: adds where it lies to `pieces`, which is
    /// right until the next call or the end of the turn. False: nothing has happened.
    virtual bool read_in_place(ByteOffset offset, uint64_t length, std::vector<iovec>& pieces) = 0;
    /// Does all of a read() or write() now, without an allocation, if nothing has to be waited for.
    /// False: nothing has happened. Worth trying for a request within one block.
    virtual bool read_at_once(ByteOffset offset, std::span<std::byte> into) = 0;
    virtual bool write_at_once(ByteOffset offset, std::span<const std::byte> from) = 0;
    /// The reader for the thread with that number; nullptr if the volume has not so many. They
    /// belong to the volume; their threads must end before it does.
    virtual HitReader* hit_reader(uint32_t /*number*/) { return nullptr; }
    /// Takes note of what the hit readers have read. Returns how many reads those were since the
    /// last call.
    virtual uint64_t note_hits() { return 0; }
    /// Fills `into` from `offset` on. `into` must stay valid until the task ends.
    virtual Task<Result<void>> read(ByteOffset offset, std::span<std::byte> into) = 0;
    /// Takes over `from`. On success the volume has its own copy.
    virtual Task<Result<void>> write(ByteOffset offset, std::span<const std::byte> from) = 0;
    /// Zeroes a range (hole punch, zero range, discard).
    virtual Task<Result<void>> zero(ByteOffset offset, ByteCount length) = 0;
    /// Ends when everything written before the call is in the store; fails if some of it could not
    /// be stored (it stays dirty and is tried again).
    virtual Task<Result<void>> flush() = 0;
    /// How many blocks hold no data, as far as that is known.
    virtual BlockCount free_blocks() const = 0;
    /// The statistics file as of now. Source: command-line.md 4.
    virtual std::string stats_text() = 0;
    /// The same and more, as JSON.
    virtual std::string stats_json() = 0;
    virtual void reset_stats() = 0;
};

}  // namespace s3b::fusell
