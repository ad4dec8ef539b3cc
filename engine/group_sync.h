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
    /// The same for what is in no hurry: shares the sync that others need, and has one of its own
    /// only after kPatience, or for kMostPatient calls together, or after hurry().
    Task<Result<void>> durable_soon();
    /// Those who are in no hurry are now.
    void sync_now() {
        if (patient_ > 0) need(opening_);
    }
    /// From now on nobody is patient.
    void hurry();
    Task<void> join() { return tasks_.join(); }
    /// Syncs that have ended well.
    uint64_t done() const { return done_; }

    static constexpr Duration kPatience = std::chrono::seconds(1);
    static constexpr uint32_t kMostPatient = 64;

private:
    Task<Result<void>> ended(uint64_t number);
    void need(uint64_t number);
    Task<void> run();
    Task<void> run_out_of_patience();

    SlotDevice& device_;
    uint64_t opening_ = 1;  // the number of the sync that begins next
    uint64_t wanted_ = 0;   // the last one that somebody waits for
    uint64_t done_ = 0;
    bool running_ = false;
    uint32_t patient_ = 0;  // calls that wait for whatever sync comes
    bool timer_is_set_ = false;
    bool hurried_ = false;
    WaitQueue patience_;
    Result<void> failure_;
    WaitQueue ended_;
    TaskGroup tasks_;
};

}  // namespace s3b
