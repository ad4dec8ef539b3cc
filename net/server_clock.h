// SPDX-License-Identifier: Apache-2.0
// The time that requests are signed with: ours, corrected by what the server says when it refuses
// a request for its date. Pure. Source: wire-format.md 4.2; S3 accepts 15 minutes.
#pragma once

#include <chrono>
#include <optional>

#include "engine/base/types.h"

namespace s3b::net {

class ServerClock {
public:
    /// A smaller difference does not make a store refuse a request.
    static constexpr Duration kTolerance = std::chrono::minutes(5);

    /// The server's time when ours is `now`.
    WallTime at(WallTime now) const { return now + offset_; }
    /// By how much it corrects ours.
    WallTime::duration correction() const { return offset_; }
    /// Learns from the Date header of an answer to a request that was refused. True if the time of
    /// the next request will be another one.
    bool learn(std::optional<WallTime> date, WallTime now) {
        if (!date) return false;
        const auto difference = *date - at(now);
        if (std::chrono::abs(difference) < kTolerance) return false;
        offset_ += difference;
        return true;
    }

private:
    WallTime::duration offset_{};
};

}  // namespace s3b::net
