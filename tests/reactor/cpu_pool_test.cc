// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/cpu_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/reactor/task_group.h"
#include "tests/reactor/virtual_time.h"

namespace s3b {
namespace {

struct Trip {
    std::thread::id worker;
    std::thread::id back;
};

Task<void> go_and_return(Executor& executor, Trip& trip) {
    const auto work = [] { return std::this_thread::get_id(); };
    trip.worker = co_await executor.run(work);
    trip.back = std::this_thread::get_id();
}

TEST(CpuPool, WorkRunsElsewhereAndItsResultComesBackToTheReactor) {
    Reactor reactor;
    CpuPool pool(reactor, 1);
    Trip trip;
    reactor.run(go_and_return(pool, trip));
    EXPECT_NE(trip.worker, std::this_thread::get_id());
    EXPECT_EQ(trip.back, std::this_thread::get_id());
}

Task<void> square(Executor& executor, uint64_t i, uint64_t& sum) {
    const auto work = [i] { return i * i; };
    const uint64_t squared = co_await executor.run(work);
    sum += squared;
}
Task<void> squares(Executor& executor, uint64_t count, uint64_t& sum) {
    TaskGroup group;
    for (uint64_t i = 0; i < count; ++i) group.spawn(square(executor, i, sum));
    co_await group.join();
}

TEST(CpuPool, ManyJobsOfManyWorkersAllReturn) {
    constexpr uint64_t kCount = 5000;
    Reactor reactor;
    CpuPool pool(reactor, 3);
    uint64_t sum = 0;
    reactor.run(squares(pool, kCount, sum));
    EXPECT_EQ(sum, (kCount - 1) * kCount * (2 * kCount - 1) / 6);
}

Task<void> take_unique(Executor& executor, int& value) {
    auto owned = std::make_unique<int>(20);
    auto work = [taken = std::move(owned)] { return std::make_unique<int>(*taken + 1); };
    const std::unique_ptr<int> result = co_await executor.run(std::move(work));
    value = *result;
}

TEST(CpuPool, WorkMayOwnWhatItNeedsAndYieldWhatCannotBeCopied) {
    Reactor reactor;
    CpuPool pool(reactor, 1);
    int value = 0;
    reactor.run(take_unique(pool, value));
    EXPECT_EQ(value, 21);
}

std::set<std::string> thread_names() {
    std::set<std::string> names;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(thread.path() / "comm");
        std::string name;
        std::getline(file, name);
        if (name.starts_with("s3b-cpu-")) names.insert(name);
    }
    return names;
}

TEST(CpuPool, ItsThreadsAreNamedAndEndWithIt) {
    Reactor reactor;
    {
        const CpuPool pool(reactor, 3);
        const std::set<std::string> names{"s3b-cpu-0", "s3b-cpu-1", "s3b-cpu-2", "s3b-cpu-urgent"};
        EXPECT_EQ(thread_names(), names);
    }
    EXPECT_TRUE(thread_names().empty());
}

Task<void> signals_blocked(Executor& executor, bool& blocked) {
    const auto work = [] {
        sigset_t set;
        pthread_sigmask(SIG_BLOCK, nullptr, &set);
        return sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGINT) == 1;
    };
    blocked = co_await executor.run(work);
}

TEST(CpuPool, SignalsStayWithTheReactorsThread) {
    Reactor reactor;
    CpuPool pool(reactor, 1);
    bool blocked = false;
    reactor.run(signals_blocked(pool, blocked));
    EXPECT_TRUE(blocked);
    sigset_t mine;
    pthread_sigmask(SIG_BLOCK, nullptr, &mine);
    EXPECT_EQ(sigismember(&mine, SIGTERM), 0);
}

class InlineExecutorTest : public VirtualTime {};

TEST_F(InlineExecutorTest, RunsTheWorkAtOnceAndResumesFromTheLoop) {
    InlineExecutor executor;
    Trip trip;
    TaskGroup group;
    group.spawn(go_and_return(executor, trip));
    EXPECT_EQ(trip.back, std::thread::id());
    run_ready();
    EXPECT_EQ(trip.worker, std::this_thread::get_id());
    EXPECT_EQ(trip.back, std::this_thread::get_id());
}

TEST(CpuPoolDeathTest, APoolNeedsAWorker) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    Reactor reactor;
    EXPECT_DEATH(CpuPool(reactor, 0), "threads > 0");
}

}  // namespace
}  // namespace s3b
