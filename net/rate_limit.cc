// SPDX-License-Identifier: Apache-2.0
#include "net/rate_limit.h"

#include <algorithm>

namespace s3b::net {

Task<void> RateLimit::pay(Urgency urgency, ByteCount bytes) {
    if (rate_ == 0) co_return;
    Line& line = lines_[static_cast<size_t>(urgency)];
    ++line.waiting;
    co_await line.head.acquire();
    for (;;) {
        const bool must_wait = more_urgent_waits(urgency);
        if (!must_wait && free_at_ <= Scheduler::current().now()) break;
        co_await changed_.wait_until(must_wait ? kNever : free_at_);
    }
    free_at_ = std::max(free_at_, Scheduler::current().now()) + time_of(bytes);
    line.head.release();
    --line.waiting;
    changed_.wake_all();
}

void RateLimit::refund(ByteCount bytes) {
    if (rate_ == 0) return;
    free_at_ -= time_of(bytes);
    changed_.wake_all();
}

Duration RateLimit::time_of(ByteCount bytes) const {
    constexpr double kNanoseconds = 1e9;
    return Duration(static_cast<int64_t>(static_cast<double>(bytes.value) * kNanoseconds /
                                         static_cast<double>(rate_)));
}

bool RateLimit::more_urgent_waits(Urgency urgency) const {
    const auto end = lines_.begin() + static_cast<ptrdiff_t>(urgency);
    return std::any_of(lines_.begin(), end, [](const Line& line) { return line.waiting > 0; });
}

}  // namespace s3b::net
