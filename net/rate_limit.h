// SPDX-License-Identifier: Apache-2.0
// Bytes a second of many transfers together. A transfer waits until nothing is owed, and owes what
// it carries: each runs at full speed, and the average keeps to the rate.
// Source: totalUploadSpeed and totalDownloadSpeed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

namespace s3b::net {

/// Classes of transfers, the most urgent one first.
enum class Urgency : uint8_t {
    Demand,     // a read that somebody waits for
    Flush,      // a write that somebody waits for (fsync, a writer without room)
    ReadAhead,  // a read that somebody will probably ask for
    WriteBack,  // a write that nobody waits for
    Listing,    // the survey of blocks, erasing
};
inline constexpr size_t kUrgencies = 5;

/// Belongs to the reactor's thread. Nobody may wait when it is destroyed.
class RateLimit {
public:
    /// 0 = no limit.
    explicit RateLimit(ByteCount bytes_a_second) : rate_(bytes_a_second.value) {}

    /// Ends when `bytes` may be transferred: the more urgent first, then first come, first served.
    Task<void> pay(Urgency urgency, ByteCount bytes);
    /// Of what was paid for, so much was not transferred.
    void refund(ByteCount bytes);

private:
    Duration time_of(ByteCount bytes) const;
    bool more_urgent_waits(Urgency urgency) const;

    struct Line {
        Semaphore head{1};
        uint32_t waiting = 0;
    };
    uint64_t rate_;
    Instant free_at_{};  // when nothing is owed any more
    std::array<Line, kUrgencies> lines_;
    WaitQueue changed_;
};

}  // namespace s3b::net
