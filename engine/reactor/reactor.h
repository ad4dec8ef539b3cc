// SPDX-License-Identifier: Apache-2.0
// The loop of one thread: submit, wait, complete, run what became ready. Sleeps in one system call
// when there is nothing to do: no periodic wake-up, no polling.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <span>

#include "engine/reactor/ring.h"
#include "engine/reactor/scheduler.h"
#include "engine/reactor/task.h"

namespace s3b {

/// Work that another thread hands to the reactor; an intrusive node, owned by the poster until
/// `arrive` has run (on the reactor's thread).
class Posted {
public:
    virtual void arrive() = 0;

protected:
    ~Posted() = default;

private:
    friend class Reactor;
    Posted* next_ = nullptr;
};

/// One thread, one ring, one scheduler. Make it in the thread that runs it.
class Reactor {
public:
    static constexpr unsigned kRingEntries = 1024;

    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    Scheduler& scheduler() { return scheduler_; }
    Ring& ring() { return ring_; }

    /// Runs the loop until `main` has ended. May be called again afterwards.
    void run(Task<void> main);

    /// Whether its thread used more than half of a processor in the last kLoadWindow (or a longer
    /// turn), and was awake before: what can be done elsewhere is better done there.
    bool busy() const { return busy_; }
    static constexpr Duration kLoadWindow = std::chrono::milliseconds(1);

    /// Thread-safe, lock-free. `work.arrive()` runs soon on the reactor's thread, in the order of
    /// posting of each thread.
    void post(Posted& work);

private:
    struct WakeUp final : Completion {
        explicit WakeUp(Reactor& r) : reactor(r) {}
        void complete(int32_t result) override;
        Reactor& reactor;
    };
    void arm_wake_up();
    void take_posted();
    void turn(bool may_sleep);
    void note_load(Duration slept);
    void forget_load();

    SystemClock clock_;
    Scheduler scheduler_;
    Ring ring_;
    int event_fd_;
    uint64_t event_count_ = 0;
    bool wake_up_armed_ = false;
    bool stopping_ = false;
    bool busy_ = false;
    Instant window_from_{};
    std::optional<Duration> used_before_;  // processor time up to then, if it is known
    WakeUp wake_up_{*this};
    std::atomic<Posted*> posted_{nullptr};
};

}  // namespace s3b
