// SPDX-License-Identifier: Apache-2.0
// Waits for a descriptor.
#pragma once

#include <poll.h>

#include "engine/reactor/ring.h"
#include "engine/reactor/scheduler.h"

namespace s3b::fusell {

/// `co_await readable(ring, fd);`: until `fd` can be read, has hung up or failed. Goes through the
/// kernel even if it can be read already, so that other completions are heard first.
class Readable final : public Completion {
public:
    Readable(Ring& ring, int fd) : ring_(ring), fd_(fd) {}
    Readable(const Readable&) = delete;
    Readable& operator=(const Readable&) = delete;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiter) {
        awaiter_ = awaiter;
        ring_.poll(fd_, POLLIN, *this);
    }
    void await_resume() const noexcept {}
    void complete(int32_t) override { Scheduler::current().make_ready(awaiter_); }

private:
    Ring& ring_;
    int fd_;
    std::coroutine_handle<> awaiter_;
};

inline Readable readable(Ring& ring, int fd) { return Readable(ring, fd); }

}  // namespace s3b::fusell
