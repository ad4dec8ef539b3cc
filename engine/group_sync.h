// SPDX-License-Identifier: Apache-2.0
// Group commit: whoever needs a sync waits for the next one that begins, and all who come while one
// is under way share the one after it.
#pragma once

#include "engine/reactor/sync.h"
#include "engine/reactor/task_group.h"
#include "engine/slot_device.h"

namespace s3b {

/// Belongs to the reactor's thread.
class GroupSync {
public:
    explicit GroupSync(SlotDevice& device) : device_(device) {}

    /// Ends when all writes that ended before the call are durable. After a failed sync all calls
    /// fail: nobody knows what the disk has.
    Task<Result<void>> durable();
    Task<void> join() { return tasks_.join(); }
    /// Syncs that have ended well.
    uint64_t done() const { return done_; }

private:
    Task<void> run();

    SlotDevice& device_;
    uint64_t opening_ = 1;  // the number of the sync that begins next
    uint64_t wanted_ = 0;   // the last one that somebody waits for
    uint64_t done_ = 0;
    bool running_ = false;
    Result<void> failure_;
    WaitQueue ended_;
    TaskGroup tasks_;
};

}  // namespace s3b
