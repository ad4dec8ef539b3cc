// SPDX-License-Identifier: Apache-2.0
#include "engine/group_sync.h"

#include <algorithm>

namespace s3b {

Task<Result<void>> GroupSync::durable() {
    const uint64_t mine = opening_;
    wanted_ = std::max(wanted_, mine);
    if (!running_) tasks_.spawn(run());
    while (done_ < mine && failure_.has_value()) {
        co_await ended_.wait();
    }
    co_return failure_;
}

Task<void> GroupSync::run() {
    running_ = true;
    while (done_ < wanted_ && failure_.has_value()) {
        co_await yield();  // what comes in the same turn joins
        const uint64_t number = opening_++;
        const Result<void> synced = co_await device_.sync();
        if (synced.has_value()) {
            done_ = number;
        } else {
            failure_ = synced;
        }
        ended_.wake_all();
    }
    running_ = false;
}

}  // namespace s3b
