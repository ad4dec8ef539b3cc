// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/sync.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/reactor/virtual_time.h"

namespace s3b {
namespace {

using std::chrono::milliseconds;
using Names = std::vector<std::string>;

class SyncTest : public VirtualTime {
protected:
    Names notes_;
    TaskGroup tasks_;
};

Task<void> wait(WaitQueue& queue, std::string name, Names& notes) {
    const bool woken = co_await queue.wait();
    notes.push_back(name + (woken ? " woken" : " late"));
}
Task<void> wait_until(WaitQueue& queue, Instant deadline, std::string name, Names& notes) {
    const bool woken = co_await queue.wait_until(deadline);
    notes.push_back(name + (woken ? " woken" : " late"));
}

TEST_F(SyncTest, WakeOneWakesTheOneThatWaitsLongest) {
    WaitQueue queue;
    for (const char* name : {"a", "b", "c"}) tasks_.spawn(wait(queue, name, notes_));
    EXPECT_TRUE(queue.wake_one());
    EXPECT_TRUE(notes_.empty());  // it is only made ready
    run_ready();
    EXPECT_EQ(notes_, (Names{"a woken"}));
    EXPECT_TRUE(queue.wake_one());
    EXPECT_TRUE(queue.wake_one());
    EXPECT_FALSE(queue.wake_one());
    run_ready();
    EXPECT_EQ(notes_, (Names{"a woken", "b woken", "c woken"}));
}

TEST_F(SyncTest, WakeAllWakesInTheOrderOfComing) {
    WaitQueue queue;
    for (const char* name : {"a", "b", "c"}) tasks_.spawn(wait(queue, name, notes_));
    queue.wake_all();
    EXPECT_TRUE(queue.empty());
    run_ready();
    EXPECT_EQ(notes_, (Names{"a woken", "b woken", "c woken"}));
}

TEST_F(SyncTest, AWakeUpIsNotKeptForLaterWaiters) {
    WaitQueue queue;
    EXPECT_FALSE(queue.wake_one());
    queue.wake_all();
    tasks_.spawn(wait(queue, "a", notes_));
    run_ready();
    EXPECT_TRUE(notes_.empty());
    EXPECT_FALSE(queue.empty());
    queue.wake_all();
    run_ready();
}

TEST_F(SyncTest, AWaiterIsLateWhenItsDeadlinePasses) {
    WaitQueue queue;
    tasks_.spawn(wait_until(queue, in(milliseconds(10)), "a", notes_));
    tasks_.spawn(wait_until(queue, in(milliseconds(30)), "b", notes_));
    advance(milliseconds(9));
    EXPECT_TRUE(notes_.empty());
    advance(milliseconds(1));
    EXPECT_EQ(notes_, (Names{"a late"}));
    EXPECT_TRUE(queue.wake_one());
    run_ready();
    EXPECT_EQ(notes_, (Names{"a late", "b woken"}));
    EXPECT_EQ(scheduler_.next_due(), kNever);  // no timer is left behind
}

TEST_F(SyncTest, ADeadlineInThePastStillLetsTheOthersRunFirst) {
    WaitQueue queue;
    tasks_.spawn(wait_until(queue, in(milliseconds(-5)), "a", notes_));
    EXPECT_TRUE(notes_.empty());
    run_ready();
    EXPECT_EQ(notes_, (Names{"a late"}));
}

TEST_F(SyncTest, WaitersLeaveFromTheMiddleOfTheQueue) {
    WaitQueue queue;
    tasks_.spawn(wait(queue, "a", notes_));
    tasks_.spawn(wait_until(queue, in(milliseconds(10)), "b", notes_));
    tasks_.spawn(wait(queue, "c", notes_));
    tasks_.spawn(wait_until(queue, in(milliseconds(10)), "d", notes_));
    advance(milliseconds(10));
    EXPECT_EQ(notes_, (Names{"b late", "d late"}));
    tasks_.spawn(wait(queue, "e", notes_));
    queue.wake_all();
    run_ready();
    EXPECT_EQ(notes_, (Names{"b late", "d late", "a woken", "c woken", "e woken"}));
}

Task<void> wait_again(WaitQueue& queue, Names& notes) {
    co_await queue.wait();
    notes.push_back("once");
    co_await queue.wait();
    notes.push_back("twice");
}

TEST_F(SyncTest, WhoWaitsAgainIsNotWokenByTheSameCall) {
    WaitQueue queue;
    tasks_.spawn(wait_again(queue, notes_));
    queue.wake_all();
    run_ready();
    EXPECT_EQ(notes_, (Names{"once"}));
    queue.wake_all();
    run_ready();
    EXPECT_EQ(notes_, (Names{"once", "twice"}));
}

Task<void> acquire(Semaphore& semaphore, std::string name, Names& notes) {
    co_await semaphore.acquire();
    notes.push_back(name);
}

TEST_F(SyncTest, ASemaphoreHasItsPlacesAtOnceAndQueuesTheRest) {
    Semaphore semaphore(2);
    for (const char* name : {"a", "b", "c", "d"}) tasks_.spawn(acquire(semaphore, name, notes_));
    EXPECT_EQ(notes_, (Names{"a", "b"}));
    EXPECT_EQ(semaphore.free_places(), 0U);
    semaphore.release();
    run_ready();
    EXPECT_EQ(notes_, (Names{"a", "b", "c"}));
    for (int i = 0; i < 3; ++i) semaphore.release();
    run_ready();
    EXPECT_EQ(notes_, (Names{"a", "b", "c", "d"}));
    EXPECT_EQ(semaphore.free_places(), 2U);
}

TEST_F(SyncTest, APlaceGivenBackBelongsToTheWaiterAndCannotBeSnatched) {
    Semaphore semaphore(1);
    ASSERT_TRUE(semaphore.try_acquire());
    tasks_.spawn(acquire(semaphore, "waiter", notes_));
    semaphore.release();
    EXPECT_FALSE(semaphore.try_acquire());  // though the waiter has not run yet
    tasks_.spawn(acquire(semaphore, "late comer", notes_));
    run_ready();
    EXPECT_EQ(notes_, (Names{"waiter"}));
    semaphore.release();
    run_ready();
    EXPECT_EQ(notes_, (Names{"waiter", "late comer"}));
}

Task<void> hold_for_turns(Semaphore& semaphore, int turns, int& holders, int& most) {
    co_await semaphore.acquire();
    most = std::max(most, ++holders);
    for (int i = 0; i < turns; ++i) {
        co_await yield();
    }
    --holders;
    semaphore.release();
}

TEST_F(SyncTest, ASemaphoreNeverHasMoreHoldersThanPlacesAndServesAll) {
    Semaphore semaphore(3);
    std::mt19937 random(1);
    int holders = 0;
    int most = 0;
    for (int i = 0; i < 500; ++i) {
        tasks_.spawn(hold_for_turns(semaphore, static_cast<int>(random() % 5), holders, most));
    }
    run_ready();
    EXPECT_EQ(tasks_.running(), 0U);
    EXPECT_EQ(most, 3);
    EXPECT_EQ(semaphore.free_places(), 3U);
}

Task<void> sleep_and_note(Duration duration, std::string name, Names& notes) {
    const Instant deadline = Scheduler::current().now() + duration;
    co_await Sleep(deadline);
    notes.push_back(name);
}

TEST_F(SyncTest, SleepersWakeInTheOrderOfTheirTimes) {
    tasks_.spawn(sleep_and_note(milliseconds(30), "a", notes_));
    tasks_.spawn(sleep_and_note(milliseconds(10), "b", notes_));
    tasks_.spawn(sleep_and_note(milliseconds(20), "c", notes_));
    advance(milliseconds(10));
    EXPECT_EQ(notes_, (Names{"b"}));
    advance(milliseconds(20));
    EXPECT_EQ(notes_, (Names{"b", "c", "a"}));
}

TEST_F(SyncTest, SleepingForNothingDoesNotWait) {
    tasks_.spawn(sleep_and_note(milliseconds(0), "now", notes_));
    tasks_.spawn(sleep_and_note(milliseconds(-5), "past", notes_));
    EXPECT_EQ(notes_, (Names{"now", "past"}));
}

Task<void> yield_three_times(std::string name, Names& notes) {
    for (int i = 0; i < 3; ++i) {
        notes.push_back(name);
        co_await yield();
    }
}

TEST_F(SyncTest, YieldLetsTheOthersRun) {
    tasks_.spawn(yield_three_times("a", notes_));
    tasks_.spawn(yield_three_times("b", notes_));
    run_ready();
    EXPECT_EQ(notes_, (Names{"a", "b", "a", "b", "a", "b"}));
}

TEST(SyncDeathTest, NoQueueEndsWhileSomebodyWaits) {
    ManualClock clock;
    const Scheduler scheduler(clock);
    Names notes;
    TaskGroup tasks;
    const auto drop_a_queue = [&] {
        WaitQueue queue;
        tasks.spawn(wait(queue, "a", notes));
    };
    EXPECT_DEATH(drop_a_queue(), "first_ == nullptr");
}

}  // namespace
}  // namespace s3b
