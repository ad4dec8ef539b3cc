// SPDX-License-Identifier: Apache-2.0
// Waiting for something on one thread: WaitQueue (until woken or a time), Semaphore, sleep.
// All are first come, first served, and allocate nothing: a waiter is a node in the awaiting frame.
#pragma once

#include <coroutine>
#include <cstdint>

#include "engine/base/check.h"
#include "engine/reactor/scheduler.h"

namespace s3b {

/// Coroutines that wait until somebody wakes them. Belongs to one thread.
class WaitQueue {
public:
    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    ~WaitQueue() { CHECK(first_ == nullptr); }

    /// Awaitable; yields true if woken, false if `deadline` passed first.
    class Waiter {
    public:
        Waiter(WaitQueue& queue, Instant deadline)
            : queue_(queue), timer_(this), deadline_(deadline) {}
        Waiter(const Waiter&) = delete;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> awaiter);
        bool await_resume() const noexcept { return woken_; }

    private:
        friend class WaitQueue;
        struct Deadline : Timer {
            explicit Deadline(Waiter* w) : Timer(&Deadline::fire), waiter(w) {}
            static void fire(Timer& timer);
            Waiter* waiter;
        };
        void finish(bool woken);
        WaitQueue& queue_;
        Deadline timer_;
        Instant deadline_;
        std::coroutine_handle<> awaiter_;
        Waiter* next_ = nullptr;
        Waiter* previous_ = nullptr;
        bool woken_ = false;
    };

    /// Suspends until woken.
    Waiter wait() { return Waiter(*this, kNever); }
    /// Suspends until woken or until `deadline`, whichever comes first.
    Waiter wait_until(Instant deadline) { return Waiter(*this, deadline); }
    /// Queues the one that waits longest for resumption; false if nobody waits.
    bool wake_one();
    /// Queues all, in the order in which they came.
    void wake_all();
    bool empty() const { return first_ == nullptr; }

private:
    void append(Waiter& waiter);
    void unlink(Waiter& waiter);
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
};

/// So many holders at a time; `acquire` waits for a place, first come, first served.
class Semaphore {
public:
    explicit Semaphore(uint32_t places) : free_(places) {}

    class Acquire {
    public:
        explicit Acquire(Semaphore& semaphore)
            : semaphore_(semaphore), waiter_(semaphore.queue_.wait()) {}
        bool await_ready() noexcept { return semaphore_.try_acquire(); }
        void await_suspend(std::coroutine_handle<> awaiter) { waiter_.await_suspend(awaiter); }
        void await_resume() noexcept {}

    private:
        Semaphore& semaphore_;
        WaitQueue::Waiter waiter_;
    };

    Acquire acquire() { return Acquire(*this); }
    /// Takes a place if one is free and nobody waits for it.
    bool try_acquire();
    /// Gives the place back: to the first waiter, if there is one.
    void release();
    uint32_t free_places() const { return free_; }

private:
    uint32_t free_;
    WaitQueue queue_;
};

/// `co_await sleep_until(t);`, `co_await sleep_for(d);`
class Sleep {
public:
    explicit Sleep(Instant deadline) : deadline_(deadline), waiter_(queue_.wait_until(deadline)) {}
    bool await_ready() const { return deadline_ <= Scheduler::current().now(); }
    void await_suspend(std::coroutine_handle<> awaiter) { waiter_.await_suspend(awaiter); }
    void await_resume() const noexcept {}

private:
    Instant deadline_;
    WaitQueue queue_;
    WaitQueue::Waiter waiter_;
};
inline Sleep sleep_until(Instant deadline) { return Sleep(deadline); }
inline Sleep sleep_for(Duration duration) { return Sleep(Scheduler::current().now() + duration); }

/// Lets all that is ready run before the caller goes on. For long loops of synchronous work.
struct Yield {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiter) {
        Scheduler::current().make_ready(awaiter);
    }
    void await_resume() const noexcept {}
};
inline Yield yield() { return {}; }

}  // namespace s3b
