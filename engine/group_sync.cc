// SPDX-License-Identifier: Apache-2.0
#include "engine/group_sync.h"

#include <algorithm>

namespace s3b {

Task<Result<void>> GroupSync::durable() {
    const uint64_t mine = opening_;
    need(mine);
    co_return co_await ended(mine);
}

Task<Result<void>> GroupSync::durable_soon() {
    const uint64_t mine = opening_;
    if (hurried_ || ++patient_ >= kMostPatient) {
        need(mine);
    } else if (!timer_is_set_) {
        timer_is_set_ = true;
        tasks_.spawn(run_out_of_patience());
    }
    co_return co_await ended(mine);
}

void GroupSync::hurry() {
    hurried_ = true;
    patience_.wake_all();
}

Task<Result<void>> GroupSync::ended(uint64_t number) {
    while (done_ < number && failure_.has_value()) {
        co_await ended_.wait();
    }
    co_return failure_;
}

void GroupSync::need(uint64_t number) {
    wanted_ = std::max(wanted_, number);
    if (!running_) tasks_.spawn(run());
}

Task<void> GroupSync::run_out_of_patience() {
    const Instant end = Scheduler::current().now() + kPatience;
    while (!hurried_ && patient_ > 0 && Scheduler::current().now() < end) {
        co_await patience_.wait_until(end);
    }
    timer_is_set_ = false;
    if (patient_ > 0) need(opening_);
}

Task<void> GroupSync::run() {
    running_ = true;
    while (done_ < wanted_ && failure_.has_value()) {
        co_await yield();  // what comes in the same turn joins
        const uint64_t number = opening_++;
        patient_ = 0;  // it is theirs, too
        patience_.wake_all();
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
