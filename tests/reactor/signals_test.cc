// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/signals.h"

#include <gtest/gtest.h>

#include <csignal>

#include "engine/reactor/reactor.h"
#include "engine/reactor/task_group.h"

namespace s3b {
namespace {

Task<void> take(Signals& signals, int& taken) { taken = co_await signals.next(); }

TEST(SignalsTest, ASignalIsHeardInTheLoopAndEndsNothing) {
    Reactor reactor;
    Signals signals(reactor.ring(), {SIGUSR1});
    raise(SIGUSR1);
    int taken = 0;
    reactor.run(take(signals, taken));
    EXPECT_EQ(taken, SIGUSR1);
}

TEST(SignalsTest, SignalsAreHeardOneAfterTheOther) {
    Reactor reactor;
    Signals signals(reactor.ring(), {SIGUSR1, SIGUSR2});
    raise(SIGUSR1);
    raise(SIGUSR2);
    int first = 0;
    int second = 0;
    reactor.run(take(signals, first));
    reactor.run(take(signals, second));
    EXPECT_EQ(first + second, SIGUSR1 + SIGUSR2);
}

TEST(SignalsTest, StoppingEndsTheWait) {
    static constexpr auto kStop = [](Signals& signals) -> Task<void> {
        signals.stop();
        co_return;
    };
    static constexpr auto kBoth = [](Signals& signals, int& taken) -> Task<void> {
        TaskGroup group;
        group.spawn(take(signals, taken));
        co_await kStop(signals);
        co_await group.join();
    };
    Reactor reactor;
    Signals signals(reactor.ring(), {SIGUSR1});
    int taken = -1;
    reactor.run(kBoth(signals, taken));
    EXPECT_EQ(taken, 0);
}

TEST(SignalsTest, WhatWasIgnoredStaysIgnored) {
    const auto before = std::signal(SIGUSR1, SIG_IGN);
    Reactor reactor;
    Signals signals(reactor.ring(), {SIGUSR1, SIGUSR2});
    raise(SIGUSR1);
    raise(SIGUSR2);
    int taken = 0;
    reactor.run(take(signals, taken));
    EXPECT_EQ(taken, SIGUSR2);
    std::signal(SIGUSR1, before);
}

TEST(SignalsTest, AfterwardsTheMaskIsAsBefore) {
    sigset_t before;
    sigset_t after;
    sigprocmask(SIG_BLOCK, nullptr, &before);
    {
        Reactor reactor;
        const Signals signals(reactor.ring(), {SIGUSR1});
    }
    sigprocmask(SIG_BLOCK, nullptr, &after);
    EXPECT_EQ(sigismember(&before, SIGUSR1), sigismember(&after, SIGUSR1));
}

}  // namespace
}  // namespace s3b
