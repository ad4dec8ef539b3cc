// SPDX-License-Identifier: Apache-2.0
#include "engine/room.h"

namespace s3b {

void Room::Turn::leave() {
    if (at_head_) line_.head_.release();
    at_head_ = false;
}

Task<void> Room::Turn::wait(bool soon) {
    Room& room = line_.room_;
    const bool queued_behind_others = !at_head_ && line_.head_.free_places() == 0;
    ++line_.waiting_;
    if (++room.waiting_ == 1 && room.listener_ != nullptr) room.listener_(room.context_);
    if (!at_head_) {
        co_await line_.head_.acquire();
        at_head_ = true;
    }
    // Who had to queue tries at once: what the one before left over may be enough.
    if (!queued_behind_others) {
        const Instant end = soon ? Scheduler::current().now() + kSoon : kNever;
        co_await room.changes_.wait_until(end);
    }
    --line_.waiting_;
    --room.waiting_;
}

}  // namespace s3b
