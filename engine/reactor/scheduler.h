// SPDX-License-Identifier: Apache-2.0
// The ready queue, the timers and the clock of one thread. It knows no kernel: the reactor drives
// it with a real clock, simulations drive it with virtual time.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <vector>

#include "engine/base/types.h"

namespace s3b {

/// Where time comes from. Real: SystemClock. Tests: ManualClock.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() = 0;
    virtual WallTime wall_now() = 0;
};

/// CLOCK_MONOTONIC and CLOCK_REALTIME.
class SystemClock final : public Clock {
public:
    Instant now() override;
    WallTime wall_now() override;
};

/// Virtual time: moves only by advance_to(). Starts at 1 s; wall time at 2024-01-02 03:04:05.
class ManualClock final : public Clock {
public:
    Instant now() override { return now_; }
    WallTime wall_now() override;
    /// Never backwards (CHECKed).
    void advance_to(Instant instant);

private:
    Instant now_{std::chrono::seconds(1)};
};

/// What is to happen at a time: an intrusive node, owned by whoever waits. Armed at most once at a
/// time; disarm before destroying it (the destructor CHECKs).
class Timer {
public:
    /// Called from the scheduler's loop when due; may arm timers again, also this one (for now:
    /// then it fires in the next turn).
    using Callback = void (*)(Timer& timer);

    explicit Timer(Callback callback) : callback_(callback) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    bool armed() const { return position_ != kNotArmed; }
    Instant due() const { return due_; }

private:
    friend class Scheduler;
    static constexpr size_t kNotArmed = ~size_t{0};
    Callback callback_;
    Instant due_{};
    uint64_t order_ = 0;  // arming order, so that equal times fire first come, first served
    size_t position_ = kNotArmed;
};

/// One per thread that runs coroutines. Everything here belongs to that thread.
class Scheduler {
public:
    explicit Scheduler(Clock& clock);
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// The scheduler of the calling thread. CHECKs that there is one.
    static Scheduler& current();
    /// Whether the calling thread is the one that this scheduler belongs to.
    bool in_loop() const;

    /// The time as of the start of this turn (cached: one clock read a turn).
    Instant now() const { return now_; }
    WallTime wall_now() const { return clock_.wall_now(); }
    /// Reads the clock anew.
    void update_now() { now_ = clock_.now(); }

    /// Queues `handle` to be resumed in this or the next turn, first come, first served.
    void make_ready(std::coroutine_handle<> handle) { ready_.push_back(handle); }
    bool has_ready() const { return !ready_.empty(); }

    /// Arms `timer` for `due`; re-arms it if it is armed. O(log n).
    void arm(Timer& timer, Instant due);
    /// No effect if it is not armed. O(log n).
    void disarm(Timer& timer);
    /// When the first timer is due; kNever if there is none.
    Instant next_due() const { return heap_.empty() ? kNever : heap_.front()->due_; }

    /// Fires the timers that are due at now(), then resumes at most `limit` ready coroutines.
    /// Returns how many coroutines ran.
    size_t run_turn(size_t limit = kDefaultTurn);
    /// So many coroutines at most run before the kernel is asked for new completions again.
    static constexpr size_t kDefaultTurn = 256;

private:
    void fire_due();
    void place(size_t position, Timer* timer);
    void sift_up(size_t position);
    void sift_down(size_t position);
    static bool before(const Timer* a, const Timer* b);

    Clock& clock_;
    Instant now_;
    std::deque<std::coroutine_handle<>> ready_;
    std::vector<Timer*> heap_;  // 4-ary, earliest first
    uint64_t next_order_ = 0;
};

}  // namespace s3b
