// SPDX-License-Identifier: Apache-2.0
// Whether an attempt may be repeated, and after which pause. Pure.
// Source: wire-format.md 3.2, 3.4 and 12 (the guard against endless attempts without a pause).
#pragma once

#include <optional>

#include "engine/base/result.h"
#include "engine/base/types.h"

namespace s3b::net {

/// False where the same request would get the same answer (and for Cancelled).
bool may_retry(Errc code);

/// The pauses between the attempts of one operation: the first, then twice the one before, until
/// their sum reaches the maximum.
class RetrySchedule {
public:
    /// Both 0: no second attempt. An initial pause of 0 counts as 1 ms otherwise.
    RetrySchedule(Duration initial_pause, Duration max_total_pause);
    /// The pause before the next attempt, `at_least` so long if the maximum allows it; nullopt:
    /// give up.
    std::optional<Duration> next_pause(Duration at_least = Duration::zero());

private:
    Duration next_;
    Duration left_;
};

}  // namespace s3b::net
