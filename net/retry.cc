// SPDX-License-Identifier: Apache-2.0
#include "net/retry.h"

#include <algorithm>

namespace s3b::net {

bool may_retry(Errc code) {
    switch (code) {
        case Errc::Stale:
        case Errc::Redirected:
        case Errc::Timeout:
        case Errc::Unreachable:
        case Errc::ServerError:
        case Errc::Refused:
        case Errc::BadReply:
        case Errc::OutcomeUnknown:
        case Errc::Io: return true;
        case Errc::NotFound:
        case Errc::Unchanged:
        case Errc::Unauthorized:
        case Errc::Forbidden:
        case Errc::NoSpace:
        case Errc::InvalidArgument:
        case Errc::ReadOnly:
        case Errc::Unsupported:
        case Errc::Unauthentic:
        case Errc::Busy:
        case Errc::Cancelled: return false;
    }
    return false;
}

RetrySchedule::RetrySchedule(Duration initial_pause, Duration max_total_pause)
    : next_(std::max<Duration>(initial_pause, std::chrono::milliseconds(1))),
      left_(std::max(max_total_pause, Duration{})) {}

std::optional<Duration> RetrySchedule::next_pause(Duration at_least) {
    if (left_ <= Duration{}) return std::nullopt;
    const Duration pause = std::min(std::max(next_, at_least), left_);
    left_ -= pause;
    next_ *= 2;  // ends with left_: below twice the maximum
    return pause;
}

}  // namespace s3b::net
