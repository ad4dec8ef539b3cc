// SPDX-License-Identifier: Apache-2.0
// Signals as events of the reactor, by signalfd: no handler ever runs.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include <initializer_list>

#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

namespace s3b {

/// While it lives the calling thread blocks all signals, and so do, for ever, the threads that it
/// starts: signals belong to the reactor's signalfd.
class BlockedSignals {
public:
    BlockedSignals();
    ~BlockedSignals();
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

private:
    sigset_t before_;
};

/// Takes the given signals of this process from its construction to its end. One that was ignored
/// before (as SIGINT is in background jobs of a shell) stays ignored. Make it before any thread.
class Signals {
public:
    Signals(Ring& ring, std::initializer_list<int> signals);
    /// Serves the ring until the kernel has let go of our read.
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// Waits for the next signal; yields its number, or 0 after stop(). One waiter at a time.
    Task<int> next();
    /// Ends the wait of next().
    void stop();

private:
    struct Arrival final : Completion {
        explicit Arrival(Signals& s) : signals(s) {}
        void complete(int32_t result) override { signals.arrived(result); }
        Signals& signals;
    };
    void arm();
    void arrived(int32_t result);

    Ring& ring_;
    int fd_;
    sigset_t before_;
    signalfd_siginfo info_{};
    Arrival arrival_{*this};
    WaitQueue waiter_;
    int pending_ = 0;  // the last one that nobody has taken yet; later ones stay in the kernel
    bool armed_ = false;
    bool stopped_ = false;
};

}  // namespace s3b
