// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/cpu_pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "engine/reactor/signals.h"

namespace s3b {

void Executor::Work::arrive() {
    if (pool_ != nullptr) pool_->returned();
    finish();
}

// ---- queues and sleepers

void CpuPool::Queue::add(Work& work) {
    work.next_work_ = nullptr;
    if (first == nullptr && ring.push(&work)) return;
    (last != nullptr ? last->next_work_ : first) = &work;
    last = &work;
}

bool CpuPool::Queue::refill_one() {
    if (first == nullptr) return false;
    Work* const next = first->next_work_;  // first is the taker's, once it is pushed
    if (!ring.push(first)) return false;
    first = next;
    if (first == nullptr) last = nullptr;
    return true;
}

// Not std::atomic::wait: that of g++ 12 yields the processor a dozen times before it sleeps.
void CpuPool::Bed::futex(int operation, uint32_t value) {
    ::syscall(SYS_futex, &calls, operation, value, nullptr, nullptr, 0);
}

void CpuPool::Bed::sleep(uint32_t seen) { futex(FUTEX_WAIT_PRIVATE, seen); }

bool CpuPool::Bed::wake_one() {
    // seq_cst, here and in serve(): see WorkRing::push
    if (sleepers.load(std::memory_order_seq_cst) == 0) return false;
    calls.fetch_add(1, std::memory_order_seq_cst);
    futex(FUTEX_WAKE_PRIVATE, 1);
    return true;
}

void CpuPool::Bed::wake_all() {
    calls.fetch_add(1, std::memory_order_seq_cst);
    futex(FUTEX_WAKE_PRIVATE, INT_MAX);
}

// ---- the reactor's side

CpuPool::CpuPool(Reactor& reactor, unsigned threads) : reactor_(reactor) {
    CHECK(threads > 0);
    const BlockedSignals blocked;
    for (unsigned i = 0; i < threads; ++i) start("s3b-cpu-" + std::to_string(i), false, kNice);
    start("s3b-cpu-urgent", true, 0);
}

void CpuPool::start(const std::string& name, bool urgent_only, int nice) {
    workers_.emplace_back([this, urgent_only, nice] {
        const auto thread = static_cast<id_t>(gettid());
        const int before = getpriority(PRIO_PROCESS, thread);
        if (nice != 0) setpriority(PRIO_PROCESS, thread, before + nice);  // a wish
        serve(urgent_only);
    });
    pthread_setname_np(workers_.back().native_handle(), name.c_str());
}

CpuPool::~CpuPool() {
    CHECK(under_way_ == 0);
    stopping_.store(true, std::memory_order_seq_cst);  // before the look for sleepers
    bed_.wake_all();
    urgent_bed_.wake_all();
    for (std::thread& worker : workers_) worker.join();
}

void CpuPool::submit(Work& work, Priority priority) {
    work.pool_ = this;
    work.urgent_ = priority == Priority::Urgent;
    ++under_way_;
    if (priority == Priority::Normal) {
        normal_.add(work);
        bed_.wake_one();
        return;
    }
    urgent_.add(work);
    wake_for_urgent();
}

void CpuPool::wake_for_urgent() {
    if (!urgent_bed_.wake_one()) bed_.wake_one();
}

void CpuPool::returned() {
    --under_way_;
    while (urgent_.refill_one()) wake_for_urgent();
    while (normal_.refill_one()) bed_.wake_one();
}

// ---- the workers' side

Executor::Work* CpuPool::take(bool urgent_only) {
    Work* const work = urgent_.ring.pop();
    return work != nullptr || urgent_only ? work : normal_.ring.pop();
}

void CpuPool::Finished::add(Work& work, Duration took) {
    const bool at_once = work.urgent_ || took > kShort;
    works_[count_++] = &work;
    if (at_once || count_ == kAtOnce) bring_back();
}

void CpuPool::Finished::bring_back() {
    for (size_t n = 0; n < count_; ++n) reactor_.post(*works_[n]);
    count_ = 0;
}

/// nullptr: stop, or look again.
Executor::Work* CpuPool::wait_for_work(bool urgent_only) {
    Bed& bed = urgent_only ? urgent_bed_ : bed_;
    const uint32_t calls = bed.calls.load(std::memory_order_seq_cst);
    bed.sleepers.fetch_add(1, std::memory_order_seq_cst);
    Work* const work = take(urgent_only);
    const bool stop = stopping_.load(std::memory_order_seq_cst);
    if (work == nullptr && !stop) bed.sleep(calls);
    bed.sleepers.fetch_sub(1, std::memory_order_relaxed);
    return work;
}

void CpuPool::serve(bool urgent_only) {
    using std::chrono::steady_clock;
    Finished finished(reactor_);
    for (;;) {
        Work* work = take(urgent_only);
        if (work == nullptr) {
            finished.bring_back();
            work = wait_for_work(urgent_only);
        }
        if (work != nullptr) {
            const steady_clock::time_point begin = steady_clock::now();
            work->execute();
            finished.add(*work, steady_clock::now() - begin);
        } else if (stopping_.load(std::memory_order_seq_cst)) {
            return;
        }
    }
}

}  // namespace s3b
