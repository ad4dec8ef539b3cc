// SPDX-License-Identifier: Apache-2.0
// A test on one scheduler in virtual time: nothing happens but what the test lets happen.
#pragma once

#include <gtest/gtest.h>

#include "engine/reactor/scheduler.h"
#include "engine/reactor/task_group.h"

namespace s3b {

class VirtualTime : public ::testing::Test {
protected:
    /// Runs until no coroutine is ready. Time stands still.
    void run_ready() {
        do {
            scheduler_.run_turn();
        } while (scheduler_.has_ready());
    }
    /// Time goes on by `step` at once; then all that is due happens.
    void advance(Duration step) {
        clock_.advance_to(clock_.now() + step);
        scheduler_.update_now();
        run_ready();
    }
    Instant in(Duration step) { return clock_.now() + step; }

    ManualClock clock_;
    Scheduler scheduler_{clock_};
};

}  // namespace s3b
