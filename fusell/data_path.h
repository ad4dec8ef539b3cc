// SPDX-License-Identifier: Apache-2.0
// READ, WRITE, FSYNC and FALLOCATE: what waits for the volume.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/types.h"
#include "engine/reactor/task_group.h"
#include "fusell/inodes.h"
#include "fusell/libfuse.h"
#include "fusell/request.h"
#include "fusell/transport.h"
#include "fusell/volume_port.h"

namespace s3b::fusell {

/// The time in whole seconds, as the attributes of files have it.
time_t now_in_seconds();

/// Belongs to the reactor's thread. Each call answers its request when it is done, at once if the
/// volume is. join() before destroying it. Source: command-line.md 3.2, 7.
class DataPath {
public:
    DataPath(VolumePort& volume, Inodes& inodes, bool read_only)
        : volume_(volume), inodes_(inodes), read_only_(read_only) {}

    /// Reads are never short, except where the file or the statistics end.
    void read(Request request, const ReadRequest& in);
    void write(Request request, const WriteRequest& in);
    /// Everything written before is in the store when it is answered.
    void flush(fuse_req_t request, uint64_t node);
    /// `mode` as in fallocate(2).
    void allocate(fuse_req_t request, uint64_t node, int mode, uint64_t offset, uint64_t length);

    /// Waits until all requests have been answered.
    Task<void> join() { return under_way_.join(); }

private:
    /// From so many bytes on a reply is sent from where they lie, if it can be: a system call of
    /// its own costs less than the copy.
    static constexpr uint32_t kInPlace = 32U << 10;

    bool read_in_place(Request& request, ByteOffset offset, uint32_t length);
    /// Why such a fallocate(2) is refused, as an errno; 0 if it is not.
    int refusal(uint64_t node, int mode, uint64_t offset, uint64_t length) const;
    void read_stats(Request request, const ReadRequest& in);
    Task<void> read_volume(Request request, ByteOffset offset, uint32_t length);
    Task<void> write_volume(Request request, ByteOffset offset, std::span<const std::byte> from);
    Task<void> flush_volume(fuse_req_t request);
    Task<void> zero_volume(fuse_req_t request, ByteOffset offset, ByteCount length);

    VolumePort& volume_;
    Inodes& inodes_;
    bool read_only_;
    std::vector<iovec> pieces_;  // of the reply that is being made
    TaskGroup under_way_;
};

}  // namespace s3b::fusell
