// SPDX-License-Identifier: Apache-2.0
// What runs when, and where: priorities, short work, more work than there is room for.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <latch>
#include <mutex>
#include <vector>

#include "engine/reactor/cpu_pool.h"
#include "engine/reactor/task_group.h"

namespace s3b {
namespace {

using std::chrono::microseconds;
using Priority = Executor::Priority;

/// Keeps a worker busy until it is opened.
struct Gate {
    std::latch entered{1};
    std::latch opened{1};

    void pass() {
        entered.count_down();
        opened.wait();
    }
};
Task<void> hold(Executor& executor, Gate& gate, Priority priority) {
    const auto work = [&gate] {
        gate.pass();
        return true;
    };
    co_await executor.run(work, priority);
}

struct Order {
    std::mutex mutex;
    std::vector<int> numbers;

    void add(int number) {
        const std::lock_guard lock(mutex);
        numbers.push_back(number);
    }
};
Task<void> record(Executor& executor, Priority priority, int number, Order& order) {
    const auto work = [&order, number] {
        order.add(number);
        return true;
    };
    co_await executor.run(work, priority);
}

Task<void> urgent_while_busy(Executor& executor, bool& ran) {
    Gate gate;
    TaskGroup group;
    group.spawn(hold(executor, gate, Priority::Normal));
    gate.entered.wait();
    const auto work = [] { return true; };
    ran = co_await executor.run(work, Priority::Urgent);
    gate.opened.count_down();
    co_await group.join();
}

TEST(CpuPool, UrgentWorkDoesNotWaitForTheEndOfOtherWork) {
    Reactor reactor;
    CpuPool pool(reactor, 1);
    bool ran = false;
    reactor.run(urgent_while_busy(pool, ran));
    EXPECT_TRUE(ran);
}

Task<void> overtake(Executor& executor, Order& order) {
    Gate normal;
    Gate urgent;
    TaskGroup held;
    held.spawn(hold(executor, normal, Priority::Normal));
    normal.entered.wait();
    held.spawn(hold(executor, urgent, Priority::Urgent));
    urgent.entered.wait();
    TaskGroup recorded;  // both workers are busy: these wait
    for (const int number : {1, 2, 3}) {
        recorded.spawn(record(executor, Priority::Normal, number, order));
    }
    for (const int number : {11, 12}) {
        recorded.spawn(record(executor, Priority::Urgent, number, order));
    }
    normal.opened.count_down();
    co_await recorded.join();
    urgent.opened.count_down();
    co_await held.join();
}

TEST(CpuPool, AWorkerOfAllWorkTakesTheUrgentFirstAndEachKindInItsOrder) {
    Reactor reactor;
    CpuPool pool(reactor, 1);
    Order order;
    reactor.run(overtake(pool, order));
    EXPECT_EQ(order.numbers, (std::vector<int>{11, 12, 1, 2, 3}));
}

Task<void> flood(Executor& executor, int count, Order& order) {
    Gate gate;
    TaskGroup group;
    group.spawn(hold(executor, gate, Priority::Normal));
    gate.entered.wait();
    for (int i = 0; i < count; ++i) group.spawn(record(executor, Priority::Normal, i, order));
    gate.opened.count_down();
    co_await group.join();
}

TEST(CpuPool, MoreWorkThanTheRingHoldsIsDoneInItsOrder) {
    constexpr int kCount = 5000;
    Reactor reactor;
    CpuPool pool(reactor, 1);
    Order order;
    reactor.run(flood(pool, kCount, order));
    std::vector<int> expected(kCount);
    for (int i = 0; i < kCount; ++i) expected[static_cast<size_t>(i)] = i;
    EXPECT_EQ(order.numbers, expected);
}

Task<void> one_at_a_time(Executor& executor, int count, int& done) {
    for (int i = 0; i < count; ++i) {
        const auto work = [] { return 1; };
        const auto priority = i % 3 == 0 ? Priority::Urgent : Priority::Normal;
        const int one = co_await executor.run(work, priority);
        done += one;
    }
}

TEST(CpuPool, NoCallOfASleeperIsLost) {
    constexpr int kCount = 5000;
    Reactor reactor;
    CpuPool pool(reactor, 2);
    int done = 0;
    reactor.run(one_at_a_time(pool, kCount, done));
    EXPECT_EQ(done, kCount);
}

Task<void> several_at_once(Executor& executor, int count, int& done) {
    TaskGroup group;
    for (int i = 0; i < 16; ++i) group.spawn(one_at_a_time(executor, count, done));
    co_await group.join();
}

TEST(CpuPool, ManyFlowsOfBothKindsGetAllTheirResults) {
    Reactor reactor;
    CpuPool pool(reactor, 3);
    int done = 0;
    reactor.run(several_at_once(pool, 500, done));
    EXPECT_EQ(done, 16 * 500);
}

Task<void> where(Executor& executor, Duration cost, bool& here) {
    const auto mine = std::this_thread::get_id();
    const auto work = [mine] { return std::this_thread::get_id() == mine; };
    here = co_await executor.run(work, Priority::Normal, cost);
}
Task<void> where_at_rest(Reactor& reactor, Executor& executor, Duration cost, bool& here) {
    WaitQueue idle;
    while (reactor.busy()) {
        co_await idle.wait_until(Scheduler::current().now() + Reactor::kLoadWindow);
    }
    co_await where(executor, cost, here);
}
Task<void> where_without_rest(Reactor& reactor, Executor& executor, Duration cost, bool& here) {
    while (!reactor.busy()) {
        co_await yield();
    }
    co_await where(executor, cost, here);
}
Task<void> where_while_busy(Executor& executor, Duration cost, bool& here) {
    Gate gate;
    TaskGroup group;
    group.spawn(hold(executor, gate, Priority::Urgent));
    gate.entered.wait();
    co_await where(executor, cost, here);
    gate.opened.count_down();
    co_await group.join();
}

TEST(CpuPool, ShortWorkIsDoneHere) {
    Reactor reactor;
    CpuPool pool(reactor, 2);  // any worker of all work may be the one that is held
    bool here = false;
    const Duration short_time = CpuPool::kAlwaysHandedOver - microseconds(1);
    reactor.run(where_at_rest(reactor, pool, short_time, here));
    EXPECT_TRUE(here);
    reactor.run(where(pool, CpuPool::kAlwaysHandedOver, here));
    EXPECT_FALSE(here);
    reactor.run(where_while_busy(pool, CpuPool::kHandedOverInHaste - microseconds(1), here));
    EXPECT_TRUE(here);
    reactor.run(where_while_busy(pool, CpuPool::kHandedOverInHaste, here));
    EXPECT_FALSE(here);
    // none is under way any more
    reactor.run(where_at_rest(reactor, pool, CpuPool::kHandedOverInHaste, here));
    EXPECT_TRUE(here);
}

TEST(CpuPool, ABusyReactorKeepsOnlyTheShortest) {
    Reactor reactor;
    CpuPool pool(reactor, 1);
    bool here = false;
    const Duration shortest = CpuPool::kHandedOverInHaste - microseconds(1);
    reactor.run(where_without_rest(reactor, pool, shortest, here));
    EXPECT_TRUE(here);
    reactor.run(where_without_rest(reactor, pool, CpuPool::kHandedOverInHaste, here));
    EXPECT_FALSE(here);
}

Task<void> niceness(Executor& executor, Priority priority, int& value) {
    const auto work = [] { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); };
    value = co_await executor.run(work, priority);
}
Task<void> nicenesses(Executor& executor, int& normal, int& urgent) {
    co_await niceness(executor, Priority::Normal, normal);
    Gate gate;  // so that the other worker has to take it
    TaskGroup group;
    group.spawn(hold(executor, gate, Priority::Normal));
    gate.entered.wait();
    co_await niceness(executor, Priority::Urgent, urgent);
    gate.opened.count_down();
    co_await group.join();
}

TEST(CpuPool, WorkersOfLongWorkLeaveTheProcessorToTheReactor) {
    Reactor reactor;
    CpuPool pool(reactor, 1);
    const int mine = getpriority(PRIO_PROCESS, 0);
    int normal = 0;
    int urgent = 0;
    reactor.run(nicenesses(pool, normal, urgent));
    EXPECT_EQ(normal, std::min(mine + CpuPool::kNice, 19));
    EXPECT_EQ(urgent, mine);
}

}  // namespace
}  // namespace s3b
