// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/reactor.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/reactor/task_group.h"

namespace s3b {

namespace {

/// What the calling thread has used so far.
Duration processor_time() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + Duration(used.tv_nsec);
}

}  // namespace

Reactor::Reactor() : scheduler_(clock_), ring_(kRingEntries), event_fd_(eventfd(0, EFD_CLOEXEC)) {
    CHECK(event_fd_ >= 0);
    arm_wake_up();
}

Reactor::~Reactor() {
    stopping_ = true;
    ring_.cancel(wake_up_);
    while (wake_up_armed_) turn(true);
    take_posted();
    CHECK(!scheduler_.has_ready());
    close(event_fd_);
}

void Reactor::arm_wake_up() {
    wake_up_armed_ = true;
    ring_.read(event_fd_, std::as_writable_bytes(std::span(&event_count_, 1)), wake_up_);
}

void Reactor::WakeUp::complete(int32_t) {
    reactor.wake_up_armed_ = false;
    reactor.take_posted();
    if (!reactor.stopping_) reactor.arm_wake_up();
}

void Reactor::post(Posted& work) {
    Posted* head = posted_.load(std::memory_order_relaxed);
    do {
        work.next_ = head;
        // release: pairs with the acquire of take_posted, so that the work's fields are seen there
    } while (!posted_.compare_exchange_weak(head, &work, std::memory_order_release,
                                            std::memory_order_relaxed));
    // Only the first one of a batch wakes: the others are taken with it.
    if (head == nullptr) {
        const uint64_t one = 1;
        CHECK(::write(event_fd_, &one, sizeof one) == static_cast<ssize_t>(sizeof one));
    }
}

void Reactor::take_posted() {
    // acquire: pairs with the release of post
    Posted* newest = posted_.exchange(nullptr, std::memory_order_acquire);
    Posted* oldest = nullptr;
    while (newest != nullptr) {
        Posted* next = newest->next_;
        newest->next_ = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != nullptr) {
        Posted* next = oldest->next_;  // arrive() may end the life of the node
        oldest->arrive();
        oldest = next;
    }
}

void Reactor::turn(bool may_sleep) {
    scheduler_.update_now();
    const Instant now = scheduler_.now();
    const bool idle = may_sleep && !scheduler_.has_ready();
    ring_.enter(now, idle ? scheduler_.next_due() : now);
    scheduler_.update_now();
    note_load(idle ? scheduler_.now() - now : Duration::zero());
    scheduler_.run_turn();
}

/// Asks for the processor time only if it was awake for long: an idle reactor makes no system call.
void Reactor::note_load(Duration slept) {
    if (slept >= kLoadWindow) forget_load();
    const Duration window = scheduler_.now() - window_from_;
    if (window < kLoadWindow) return;
    const Duration used = processor_time();
    busy_ = used_before_ && (used - *used_before_) * 2 > window;
    window_from_ = scheduler_.now();
    used_before_ = used;
}

void Reactor::forget_load() {
    busy_ = false;
    window_from_ = scheduler_.now();
    used_before_.reset();
}

void Reactor::run(Task<void> main) {
    CHECK(scheduler_.in_loop());
    scheduler_.update_now();
    forget_load();
    TaskGroup group;
    group.spawn(std::move(main));
    while (group.running() > 0) turn(true);
}

}  // namespace s3b
