// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/sync.h"

namespace s3b {

void WaitQueue::Waiter::await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    queue_.append(*this);
    if (deadline_ != kNever) Scheduler::current().arm(timer_, deadline_);
}

void WaitQueue::Waiter::Deadline::fire(Timer& timer) {
    static_cast<Deadline&>(timer).waiter->finish(false);
}

void WaitQueue::Waiter::finish(bool woken) {
    queue_.unlink(*this);
    woken_ = woken;
    Scheduler& scheduler = Scheduler::current();
    scheduler.disarm(timer_);
    scheduler.make_ready(awaiter_);
}

void WaitQueue::append(Waiter& waiter) {
    waiter.previous_ = last_;
    waiter.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &waiter;
    last_ = &waiter;
}

void WaitQueue::unlink(Waiter& waiter) {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->previous_ : last_) = waiter.previous_;
}

bool WaitQueue::wake_one() {
    if (first_ == nullptr) return false;
    first_->finish(true);
    return true;
}

void WaitQueue::wake_all() {
    while (wake_one()) {
    }
}

bool Semaphore::try_acquire() {
    if (free_ == 0) return false;
    --free_;
    return true;
}

void Semaphore::release() {
    if (!queue_.wake_one()) ++free_;
}

}  // namespace s3b
