// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/cpu_pool.h"

#include <pthread.h>
#include <signal.h>

#include <string>

namespace s3b {

CpuPool::CpuPool(Reactor& reactor, unsigned threads) : reactor_(reactor) {
    CHECK(threads > 0);
    // Workers block all signals: those belong to the reactor's signalfd.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < threads; ++i) {
        workers_.emplace_back([this] { serve(); });
        const std::string name = "s3b-cpu-" + std::to_string(i);
        pthread_setname_np(workers_.back().native_handle(), name.c_str());
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

CpuPool::~CpuPool() {
    {
        const std::lock_guard lock(mutex_);
        CHECK(first_ == nullptr);
        stopping_ = true;
    }
    arrived_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

void CpuPool::submit(Work& work, Priority) {
    {
        const std::lock_guard lock(mutex_);
        work.next_work_ = nullptr;
        (last_ != nullptr ? last_->next_work_ : first_) = &work;
        last_ = &work;
    }
    arrived_.notify_one();
}

void CpuPool::serve() {
    for (;;) {
        Work* work = nullptr;
        {
            std::unique_lock lock(mutex_);
            arrived_.wait(lock, [this] { return first_ != nullptr || stopping_; });
            if (first_ == nullptr) return;
            work = first_;
            first_ = work->next_work_;
            if (first_ == nullptr) last_ = nullptr;
        }
        work->execute();
        reactor_.post(*work);
    }
}

}  // namespace s3b
