// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/reactor/virtual_time.h"

namespace s3b {
namespace {

using TaskTest = VirtualTime;

Task<int> at_once(int value) { co_return value; }
Task<int> after_a_turn(int value) {
    co_await yield();
    co_return value;
}
Task<void> note(std::vector<std::string>& notes, std::string text) {
    notes.push_back(text + " begins");
    co_await yield();
    notes.push_back(text + " ends");
}

Task<void> keep(Task<int> task, int& into) { into = co_await task; }

TEST_F(TaskTest, DoesNotStartBeforeItIsAwaited) {
    std::vector<std::string> notes;
    {
        const auto task = note(notes, "task");
        EXPECT_TRUE(notes.empty());
    }
    EXPECT_TRUE(notes.empty());
}

Task<void> two_notes(std::vector<std::string>& notes) {
    notes.push_back("outer begins");
    co_await note(notes, "inner");
    notes.push_back("outer ends");
}

TEST_F(TaskTest, StartsInlineWhenAwaitedAndGoesOnFromTheLoop) {
    std::vector<std::string> notes;
    TaskGroup group;
    group.spawn(two_notes(notes));
    EXPECT_EQ(notes, (std::vector<std::string>{"outer begins", "inner begins"}));
    run_ready();
    EXPECT_EQ(notes.size(), 4U);
    EXPECT_EQ(notes[2], "inner ends");
    EXPECT_EQ(notes[3], "outer ends");
}

TEST_F(TaskTest, YieldsWhatItReturnsAtOnceOrLater) {
    int first = 0;
    int second = 0;
    TaskGroup group;
    group.spawn(keep(at_once(3), first));
    group.spawn(keep(after_a_turn(4), second));
    EXPECT_EQ(first, 3);
    EXPECT_EQ(second, 0);
    run_ready();
    EXPECT_EQ(second, 4);
}

Task<std::unique_ptr<int>> make_unique_later(int value) {
    co_await yield();
    co_return std::make_unique<int>(value);
}
Task<void> take_unique(int& into) {
    const std::unique_ptr<int> taken = co_await make_unique_later(9);
    into = *taken;
}

TEST_F(TaskTest, MovesResultsThatCannotBeCopied) {
    int value = 0;
    TaskGroup group;
    group.spawn(take_unique(value));
    run_ready();
    EXPECT_EQ(value, 9);
}

Task<void> count_up(int rounds, int& sum) {
    for (int i = 0; i < rounds; ++i) {
        const int one = co_await at_once(1);
        sum += one;
    }
}

TEST_F(TaskTest, AHundredThousandAwaitsOfFinishedWorkNeedNoStack) {
    int sum = 0;
    TaskGroup group;
    group.spawn(count_up(100'000, sum));
    EXPECT_EQ(sum, 100'000);
}

/// One level awaits the next; the innermost one waits for a turn if told so.
Task<int> nested(int levels, bool wait) {
    if (levels == 0) {
        if (wait) co_await yield();
        co_return 0;
    }
    const int below = co_await nested(levels - 1, wait);
    co_return below + 1;
}

TEST_F(TaskTest, AThousandLevelsReturnAtOnce) {
    int depth = 0;
    TaskGroup group;
    group.spawn(keep(nested(1000, false), depth));
    EXPECT_EQ(depth, 1000);
}

TEST_F(TaskTest, AThousandLevelsReturnThroughTheReadyQueue) {
    int depth = 0;
    TaskGroup group;
    group.spawn(keep(nested(1000, true), depth));
    EXPECT_EQ(depth, 0);
    EXPECT_EQ(scheduler_.run_turn(1), 1U);  // each end queues its awaiter, and resumes nothing
    EXPECT_EQ(depth, 0);
    run_ready();
    EXPECT_EQ(depth, 1000);
}

/// Counts how many of its kind live.
struct Alive {
    explicit Alive(int& c) : count(&c) { ++*count; }
    Alive(const Alive& other) : count(other.count) { ++*count; }
    Alive& operator=(const Alive&) = delete;
    ~Alive() { --*count; }
    int* count;
};
Task<void> hold(Alive alive) {
    const Alive inside = alive;
    co_await yield();
}

TEST_F(TaskTest, ATaskThatIsNeverAwaitedFreesItsArguments) {
    int alive = 0;
    {
        const auto task = hold(Alive(alive));
    }
    EXPECT_EQ(alive, 0);
}

TEST_F(TaskTest, AnEndedTaskFreesItsArgumentsAndLocals) {
    int alive = 0;
    TaskGroup group;
    group.spawn(hold(Alive(alive)));
    EXPECT_EQ(alive, 2);
    run_ready();
    EXPECT_EQ(alive, 0);
}

TEST_F(TaskTest, AMovedTaskIsAwaitedThroughItsNewName) {
    static_assert(!std::is_copy_constructible_v<Task<int>>);
    static_assert(!std::is_move_assignable_v<Task<int>>);
    int value = 0;
    TaskGroup group;
    Task<int> first = after_a_turn(5);
    Task<int> second = std::move(first);
    group.spawn(keep(std::move(second), value));
    run_ready();
    EXPECT_EQ(value, 5);
}

Task<void> await_here(std::source_location& before) {
    before = std::source_location::current();
    co_await yield();
}
Task<int> promise_keeps_its_line(unsigned& line) {
    // The promise of the awaiting coroutine is not reachable from within: ask its handle.
    struct Self {
        bool await_ready() const { return false; }
        bool await_suspend(std::coroutine_handle<detail::Promise<int>> self) {
            handle = self;
            return false;
        }
        std::coroutine_handle<detail::Promise<int>> await_resume() const { return handle; }
        std::coroutine_handle<detail::Promise<int>> handle;
    };
    const auto self = co_await Self();
    std::source_location inside;
    line = std::source_location::current().line() + 1;
    co_await await_here(inside);
    line = self.promise().where.line() - line;
    co_return 0;
}

TEST_F(TaskTest, ThePromiseRemembersTheLineOfTheAwait) {
    unsigned line = 1;
    int value = 1;
    TaskGroup group;
    group.spawn(keep(promise_keeps_its_line(line), value));
    run_ready();
    EXPECT_EQ(line, 0U);
    EXPECT_EQ(value, 0);
}

TEST(TaskDeathTest, DestroyingATaskThatWaitsIsABug) {
    ManualClock clock;
    const Scheduler scheduler(clock);
    const auto drop_a_waiting_task = [] {
        auto task = after_a_turn(1);
        const bool waits = task.await_suspend(std::noop_coroutine());
        CHECK(waits);
    };
    EXPECT_DEATH(drop_a_waiting_task(), "done\\(\\)");
}

}  // namespace
}  // namespace s3b
