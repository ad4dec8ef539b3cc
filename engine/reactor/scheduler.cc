// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/scheduler.h"

#include <time.h>

#include <algorithm>

#include "engine/base/check.h"

namespace s3b {

namespace {
thread_local Scheduler* t_current = nullptr;
constexpr size_t kArity = 4;
}  // namespace

Instant SystemClock::now() {
    timespec ts{};
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return Instant(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
}

WallTime SystemClock::wall_now() { return std::chrono::system_clock::now(); }

WallTime ManualClock::wall_now() {
    const WallTime start{std::chrono::seconds(1704164645)};  // 2024-01-02 03:04:05 UTC
    return start + std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch() -
                                                                  std::chrono::seconds(1));
}

void ManualClock::advance_to(Instant instant) {
    CHECK(instant >= now_);
    now_ = instant;
}

Timer::~Timer() { CHECK(!armed()); }

Scheduler::Scheduler(Clock& clock) : clock_(clock), now_(clock.now()) {
    CHECK(t_current == nullptr);
    t_current = this;
}

Scheduler::~Scheduler() {
    CHECK(in_loop());
    CHECK(heap_.empty());
    t_current = nullptr;
}

Scheduler& Scheduler::current() {
    CHECK(t_current != nullptr);
    return *t_current;
}

bool Scheduler::in_loop() const { return t_current == this; }

bool Scheduler::before(const Timer* a, const Timer* b) {
    return a->due_ != b->due_ ? a->due_ < b->due_ : a->order_ < b->order_;
}

void Scheduler::place(size_t position, Timer* timer) {
    heap_[position] = timer;
    timer->position_ = position;
}

void Scheduler::sift_up(size_t position) {
    Timer* timer = heap_[position];
    while (position > 0) {
        const size_t parent = (position - 1) / kArity;
        if (!before(timer, heap_[parent])) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, timer);
}

void Scheduler::sift_down(size_t position) {
    Timer* timer = heap_[position];
    for (;;) {
        const size_t first = position * kArity + 1;
        if (first >= heap_.size()) break;
        const size_t last = std::min(first + kArity, heap_.size());
        size_t least = first;
        for (size_t child = first + 1; child < last; ++child) {
            if (before(heap_[child], heap_[least])) least = child;
        }
        if (!before(heap_[least], timer)) break;
        place(position, heap_[least]);
        position = least;
    }
    place(position, timer);
}

void Scheduler::arm(Timer& timer, Instant due) {
    DCHECK(in_loop());
    disarm(timer);
    timer.due_ = due;
    timer.order_ = next_order_++;
    heap_.push_back(&timer);
    sift_up(heap_.size() - 1);
}

void Scheduler::disarm(Timer& timer) {
    if (!timer.armed()) return;
    const size_t position = timer.position_;
    CHECK(position < heap_.size() && heap_[position] == &timer);
    timer.position_ = Timer::kNotArmed;
    Timer* last = heap_.back();
    heap_.pop_back();
    if (last == &timer) return;
    place(position, last);
    sift_up(position);
    sift_down(last->position_);
}

void Scheduler::fire_due() {
    // One that arms itself for now must not keep the turn from ending: it fires in the next one.
    const uint64_t armed_meanwhile = next_order_;
    while (!heap_.empty() && heap_.front()->due_ <= now_ &&
           heap_.front()->order_ < armed_meanwhile) {
        Timer& timer = *heap_.front();
        disarm(timer);
        timer.callback_(timer);
    }
}

size_t Scheduler::run_turn(size_t limit) {
    DCHECK(in_loop());
    fire_due();
    size_t ran = 0;
    for (; ran < limit && !ready_.empty(); ++ran) {
        const std::coroutine_handle<> handle = ready_.front();
        ready_.pop_front();
        handle.resume();
    }
    return ran;
}

}  // namespace s3b
