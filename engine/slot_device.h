// SPDX-License-Identifier: Apache-2.0
// What the flows of the cache file need of the file. Real: an io_uring (ring_file). Tests: one that
// remembers each write and loses, keeps or tears those that were not synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/reactor/task.h"

namespace s3b {

/// Belongs to the reactor's thread. Writes that do not overlap may be under way at once.
class SlotDevice {
public:
    virtual ~SlotDevice() = default;
    virtual Task<Result<void>> read(uint64_t offset, std::span<std::byte> into) = 0;
    /// After its end the bytes survive the end of the process, but not yet that of the machine.
    virtual Task<Result<void>> write(uint64_t offset, std::span<const std::byte> from) = 0;
    /// All writes that ended before this began survive the end of the machine.
    virtual Task<Result<void>> sync() = 0;
    /// Gives the space of a range that holds nothing any more back, if the file system can.
    virtual Task<void> punch(uint64_t offset, uint64_t length) = 0;
    /// Where most of the bytes to be moved will be; it outlives all calls. Once, before them.
    virtual void will_use(std::span<std::byte> memory) = 0;
    /// Parts of a slot are written in multiples of this; a power of two.
    virtual uint32_t granule() const = 0;
};

}  // namespace s3b
