// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/signals.h"

#include <unistd.h>

#include <utility>

#include "engine/base/check.h"

namespace s3b {

namespace {

bool ignored(int signal) {
    struct sigaction action{};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

BlockedSignals::BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

Signals::Signals(Ring& ring, std::initializer_list<int> signals) : ring_(ring) {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int signal : signals) {
        if (!ignored(signal)) sigaddset(&wanted, signal);
    }
    CHECK(sigprocmask(SIG_BLOCK, &wanted, &before_) == 0);
    fd_ = signalfd(-1, &wanted, SFD_CLOEXEC);
    CHECK(fd_ >= 0);
    arm();
}

Signals::~Signals() {
    stop();
    if (armed_) ring_.cancel(arrival_);
    while (armed_) ring_.enter(Scheduler::current().now(), kNever);
    close(fd_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void Signals::arm() {
    armed_ = true;
    ring_.read(fd_, std::as_writable_bytes(std::span(&info_, 1)), arrival_);
}

void Signals::arrived(int32_t result) {
    armed_ = false;
    if (result == static_cast<int32_t>(sizeof info_)) {
        pending_ = static_cast<int>(info_.ssi_signo);
        waiter_.wake_all();
    } else if (!stopped_) {
        arm();
    }
}

Task<int> Signals::next() {
    while (pending_ == 0 && !stopped_) {
        co_await waiter_.wait();
    }
    const int signal = std::exchange(pending_, 0);
    if (!armed_ && !stopped_) arm();
    co_return signal;
}

void Signals::stop() {
    stopped_ = true;
    waiter_.wake_all();
}

}  // namespace s3b
