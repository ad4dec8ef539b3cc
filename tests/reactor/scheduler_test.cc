// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/reactor/virtual_time.h"

namespace s3b {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A timer that notes its name when it fires, and may then arm another one.
struct NamedTimer : Timer {
    NamedTimer(int n, std::vector<int>& l) : Timer(&NamedTimer::fire), name(n), fired(l) {}
    static void fire(Timer& timer) {
        auto& self = static_cast<NamedTimer&>(timer);
        self.fired.push_back(self.name);
        if (self.next == nullptr || self.rounds-- == 0) return;
        Scheduler& scheduler = Scheduler::current();
        scheduler.arm(*self.next, scheduler.now() + self.pause);
    }
    int name;
    std::vector<int>& fired;
    NamedTimer* next = nullptr;
    int rounds = 1;
    Duration pause = milliseconds(10);
};

class SchedulerTest : public VirtualTime {
protected:
    std::vector<int> fired_;
    NamedTimer a_{1, fired_};
    NamedTimer b_{2, fired_};
    NamedTimer c_{3, fired_};
};

using Fired = std::vector<int>;

TEST_F(SchedulerTest, TimersFireInTheOrderOfTheirTimes) {
    scheduler_.arm(a_, in(milliseconds(30)));
    scheduler_.arm(b_, in(milliseconds(10)));
    scheduler_.arm(c_, in(milliseconds(20)));
    advance(milliseconds(30));
    EXPECT_EQ(fired_, (Fired{2, 3, 1}));
}

TEST_F(SchedulerTest, TimersOfOneTimeFireInTheOrderOfArming) {
    const Instant due = in(milliseconds(10));
    scheduler_.arm(c_, due);
    scheduler_.arm(a_, due);
    scheduler_.arm(b_, due);
    advance(milliseconds(10));
    EXPECT_EQ(fired_, (Fired{3, 1, 2}));
}

TEST_F(SchedulerTest, ATimerDoesNotFireBeforeItIsDueAndFiresOnce) {
    scheduler_.arm(a_, in(milliseconds(10)));
    advance(milliseconds(9));
    EXPECT_TRUE(fired_.empty());
    EXPECT_TRUE(a_.armed());
    advance(milliseconds(1));
    EXPECT_EQ(fired_, (Fired{1}));
    EXPECT_FALSE(a_.armed());
    advance(seconds(10));
    EXPECT_EQ(fired_, (Fired{1}));
}

TEST_F(SchedulerTest, ADisarmedTimerDoesNotFire) {
    scheduler_.arm(a_, in(milliseconds(10)));
    scheduler_.arm(b_, in(milliseconds(10)));
    scheduler_.disarm(a_);
    scheduler_.disarm(c_);  // was not armed: no effect
    EXPECT_FALSE(a_.armed());
    advance(milliseconds(10));
    EXPECT_EQ(fired_, (Fired{2}));
}

TEST_F(SchedulerTest, ArmingAnArmedTimerMovesIt) {
    scheduler_.arm(a_, in(milliseconds(10)));
    scheduler_.arm(b_, in(milliseconds(20)));
    scheduler_.arm(a_, in(milliseconds(30)));
    EXPECT_EQ(a_.due(), in(milliseconds(30)));
    advance(milliseconds(20));
    EXPECT_EQ(fired_, (Fired{2}));
    advance(milliseconds(10));
    EXPECT_EQ(fired_, (Fired{2, 1}));
}

TEST_F(SchedulerTest, ATimerMayArmItselfAndOthersWhenItFires) {
    a_.next = &a_;
    a_.rounds = 3;
    b_.next = &c_;
    scheduler_.arm(a_, in(milliseconds(10)));
    scheduler_.arm(b_, in(milliseconds(15)));
    for (int i = 0; i < 20; ++i) advance(milliseconds(5));
    EXPECT_EQ(fired_, (Fired{1, 2, 1, 3, 1, 1}));
}

TEST_F(SchedulerTest, ATimerThatArmsItselfForNowFiresOnceATurn) {
    a_.next = &a_;
    a_.rounds = 1000;
    a_.pause = milliseconds(0);
    scheduler_.arm(a_, scheduler_.now());
    scheduler_.run_turn();
    EXPECT_EQ(fired_, (Fired{1}));
    scheduler_.run_turn();
    EXPECT_EQ(fired_, (Fired{1, 1}));
    scheduler_.disarm(a_);
}

TEST_F(SchedulerTest, ATimerMayDisarmAnotherThatIsDueToo) {
    struct Disarming : Timer {
        explicit Disarming(Timer& t) : Timer(&Disarming::fire), target(t) {}
        static void fire(Timer& timer) {
            Scheduler::current().disarm(static_cast<Disarming&>(timer).target);
        }
        Timer& target;
    } disarming(a_);
    scheduler_.arm(disarming, in(milliseconds(10)));
    scheduler_.arm(a_, in(milliseconds(10)));
    advance(milliseconds(10));
    EXPECT_TRUE(fired_.empty());
}

TEST_F(SchedulerTest, NextDueIsTheFirstTimeOrNever) {
    EXPECT_EQ(scheduler_.next_due(), kNever);
    scheduler_.arm(a_, in(milliseconds(30)));
    scheduler_.arm(b_, in(milliseconds(10)));
    EXPECT_EQ(scheduler_.next_due(), in(milliseconds(10)));
    scheduler_.disarm(b_);
    EXPECT_EQ(scheduler_.next_due(), in(milliseconds(30)));
    scheduler_.disarm(a_);
    EXPECT_EQ(scheduler_.next_due(), kNever);
}

TEST_F(SchedulerTest, TheHeapAgreesWithASortedMapUnderRandomOperations) {
    std::mt19937_64 random(42);
    constexpr int kTimers = 150;
    std::vector<std::unique_ptr<NamedTimer>> timers;
    for (int i = 0; i < kTimers; ++i) timers.push_back(std::make_unique<NamedTimer>(i, fired_));
    // (due, number of the arming) -> timer
    std::map<std::pair<Instant, int>, int> expected;
    std::map<int, std::pair<Instant, int>> place_of;
    Fired expected_fired;
    for (int step = 0; step < 50'000; ++step) {
        const int i = static_cast<int>(random() % kTimers);
        NamedTimer& timer = *timers[static_cast<size_t>(i)];
        const auto choice = random() % 100;
        if (choice < 90 && place_of.contains(i)) expected.erase(place_of[i]), place_of.erase(i);
        if (choice < 60) {
            const Instant due = in(milliseconds(random() % 50));
            scheduler_.arm(timer, due);
            place_of[i] = {due, step};
            expected[place_of[i]] = i;
        } else if (choice < 90) {
            scheduler_.disarm(timer);
        } else {
            clock_.advance_to(in(milliseconds(random() % 10)));
            scheduler_.update_now();
            while (!expected.empty() && expected.begin()->first.first <= clock_.now()) {
                expected_fired.push_back(expected.begin()->second);
                place_of.erase(expected.begin()->second);
                expected.erase(expected.begin());
            }
            scheduler_.run_turn();
            ASSERT_EQ(fired_, expected_fired) << "step " << step;
            fired_.clear();
            expected_fired.clear();
        }
        ASSERT_EQ(scheduler_.next_due(), expected.empty() ? kNever : expected.begin()->first.first);
        ASSERT_EQ(timer.armed(), place_of.contains(i));
    }
    for (const auto& timer : timers) scheduler_.disarm(*timer);
}

Task<void> append(std::vector<int>& list, int name) {
    list.push_back(name);
    co_await yield();
    list.push_back(name + 100);
}

TEST_F(SchedulerTest, ReadyCoroutinesRunFirstComeFirstServed) {
    TaskGroup group;
    for (int i = 0; i < 3; ++i) group.spawn(append(fired_, i));
    EXPECT_EQ(fired_, (Fired{0, 1, 2}));
    EXPECT_TRUE(scheduler_.has_ready());
    scheduler_.run_turn(3);
    EXPECT_EQ(fired_, (Fired{0, 1, 2, 100, 101, 102}));
    run_ready();
    EXPECT_FALSE(scheduler_.has_ready());
}

Task<void> yield_often(int times) {
    for (int i = 0; i < times; ++i) {
        co_await yield();
    }
}

TEST_F(SchedulerTest, ATurnResumesAtMostItsLimit) {
    TaskGroup group;
    group.spawn(yield_often(1000));
    EXPECT_EQ(scheduler_.run_turn(10), 10U);
    EXPECT_EQ(scheduler_.run_turn(), Scheduler::kDefaultTurn);
    run_ready();
    EXPECT_EQ(scheduler_.run_turn(), 0U);
}

TEST_F(SchedulerTest, TimersFireAlsoWhileManyCoroutinesAreReady) {
    TaskGroup group;
    for (int i = 0; i < 300; ++i) group.spawn(append(fired_, 0));
    fired_.clear();
    scheduler_.arm(a_, scheduler_.now());
    scheduler_.run_turn(1);
    EXPECT_EQ(fired_.front(), 1);
    run_ready();
}

TEST_F(SchedulerTest, NowStandsStillWithinATurn) {
    const Instant before = scheduler_.now();
    clock_.advance_to(in(seconds(1)));
    EXPECT_EQ(scheduler_.now(), before);
    scheduler_.update_now();
    EXPECT_EQ(scheduler_.now(), before + seconds(1));
}

TEST_F(SchedulerTest, BelongsToItsThread) {
    EXPECT_EQ(&Scheduler::current(), &scheduler_);
    EXPECT_TRUE(scheduler_.in_loop());
    bool in_loop_elsewhere = true;
    std::thread([&] { in_loop_elsewhere = scheduler_.in_loop(); }).join();
    EXPECT_FALSE(in_loop_elsewhere);
}

TEST(ManualClock, WallTimeMovesAlong) {
    ManualClock clock;
    const Instant start = clock.now();
    EXPECT_EQ(std::chrono::system_clock::to_time_t(clock.wall_now()), 1704164645);
    clock.advance_to(start + seconds(90));
    EXPECT_EQ(clock.now() - start, seconds(90));
    EXPECT_EQ(std::chrono::system_clock::to_time_t(clock.wall_now()), 1704164735);
}

TEST(SystemClock, NeverGoesBack) {
    SystemClock clock;
    Instant before = clock.now();
    for (int i = 0; i < 1000; ++i) {
        const Instant now = clock.now();
        EXPECT_GE(now, before);
        before = now;
    }
}

TEST(SchedulerDeathTest, ThereIsAtMostOneAThreadAndCurrentNeedsOne) {
    EXPECT_DEATH(Scheduler::current(), "t_current != nullptr");
    ManualClock clock;
    const Scheduler scheduler(clock);
    EXPECT_DEATH(Scheduler second(clock), "t_current == nullptr");
}

TEST(SchedulerDeathTest, NoTimerEndsWhileItIsArmed) {
    ManualClock clock;
    Scheduler scheduler(clock);
    const auto arm_and_drop = [&] {
        Timer timer([](Timer&) {});
        scheduler.arm(timer, clock.now());
    };
    EXPECT_DEATH(arm_and_drop(), "armed");
}

TEST(ManualClockDeathTest, DoesNotGoBack) {
    ManualClock clock;
    EXPECT_DEATH(clock.advance_to(clock.now() - milliseconds(1)), "instant >= now_");
}

}  // namespace
}  // namespace s3b
