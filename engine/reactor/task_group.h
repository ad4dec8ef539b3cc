// SPDX-License-Identifier: Apache-2.0
// Owns tasks that nobody awaits one by one, and joins them.
#pragma once

#include <cstddef>

#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

namespace s3b {

/// Spawned tasks run until they end; `co_await group.join()` waits until all have. A group must be
/// empty when it is destroyed (CHECKed): nothing may destroy a suspended frame, because the kernel
/// may still write to its buffers.
class TaskGroup {
public:
    TaskGroup() = default;
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup() { CHECK(running_ == 0); }

    /// Starts `task` inline; it goes on from the loop when it first waits. A spawned task takes
    /// values, or references that outlive the group.
    void spawn(Task<void> task) {
        ++running_;
        run(*this, std::move(task));
    }
    /// Waits until no task runs any more (more may be spawned meanwhile).
    Task<void> join() {
        while (running_ > 0) {
            co_await empty_.wait();
        }
    }
    size_t running() const { return running_; }

private:
    struct Detached {
        struct promise_type {
            Detached get_return_object() noexcept { return {}; }
            std::suspend_never initial_suspend() noexcept { return {}; }
            std::suspend_never final_suspend() noexcept { return {}; }
            void return_void() noexcept {}
            [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
        };
    };
    static Detached run(TaskGroup& group, Task<void> task) {
        co_await task;
        group.finish_one();
    }
    void finish_one() {
        --running_;
        if (running_ == 0) empty_.wake_all();
    }

    size_t running_ = 0;
    WaitQueue empty_;
};

}  // namespace s3b
