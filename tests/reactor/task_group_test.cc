// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/task_group.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/reactor/virtual_time.h"

namespace s3b {
namespace {

using TaskGroupTest = VirtualTime;

Task<void> turns(int count, int& ended) {
    for (int i = 0; i < count; ++i) {
        co_await yield();
    }
    ++ended;
}

TEST_F(TaskGroupTest, SpawningStartsInlineAndForgetsWhatEndsAtOnce) {
    int ended = 0;
    TaskGroup group;
    group.spawn(turns(0, ended));
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(group.running(), 0U);
}

TEST_F(TaskGroupTest, CountsWhatStillRuns) {
    int ended = 0;
    TaskGroup group;
    group.spawn(turns(1, ended));
    group.spawn(turns(3, ended));
    EXPECT_EQ(group.running(), 2U);
    scheduler_.run_turn(3);
    EXPECT_EQ(group.running(), 1U);
    run_ready();
    EXPECT_EQ(group.running(), 0U);
    EXPECT_EQ(ended, 2);
}

Task<void> join_and_note(TaskGroup& group, int& ended, std::vector<int>& notes) {
    co_await group.join();
    notes.push_back(ended);
}

TEST_F(TaskGroupTest, JoinWaitsForAll) {
    int ended = 0;
    std::vector<int> notes;
    TaskGroup joiners;
    TaskGroup group;
    for (int i = 1; i <= 5; ++i) group.spawn(turns(i, ended));
    joiners.spawn(join_and_note(group, ended, notes));
    joiners.spawn(join_and_note(group, ended, notes));
    EXPECT_TRUE(notes.empty());
    run_ready();
    EXPECT_EQ(notes, (std::vector<int>{5, 5}));
}

TEST_F(TaskGroupTest, JoiningAnEmptyGroupDoesNotWait) {
    int ended = 7;
    std::vector<int> notes;
    TaskGroup joiners;
    TaskGroup group;
    joiners.spawn(join_and_note(group, ended, notes));
    EXPECT_EQ(notes, (std::vector<int>{7}));
}

Task<void> spawn_more(TaskGroup& group, int generations, int& ended) {
    co_await yield();
    if (generations > 0) group.spawn(spawn_more(group, generations - 1, ended));
    ++ended;
}

TEST_F(TaskGroupTest, JoinWaitsAlsoForWhatIsSpawnedMeanwhile) {
    int ended = 0;
    std::vector<int> notes;
    TaskGroup joiners;
    TaskGroup group;
    group.spawn(spawn_more(group, 4, ended));
    joiners.spawn(join_and_note(group, ended, notes));
    run_ready();
    EXPECT_EQ(notes, (std::vector<int>{5}));
}

Task<void> join_then_spawn_again(TaskGroup& group, int& ended) {
    co_await group.join();
    group.spawn(turns(2, ended));
    co_await group.join();
    ended += 100;
}

TEST_F(TaskGroupTest, AGroupMayBeUsedAgainAfterJoin) {
    int ended = 0;
    TaskGroup joiners;
    TaskGroup group;
    group.spawn(turns(2, ended));
    joiners.spawn(join_then_spawn_again(group, ended));
    run_ready();
    EXPECT_EQ(ended, 102);
}

TEST_F(TaskGroupTest, AHundredThousandTasksCanRun) {
    int ended = 0;
    TaskGroup group;
    for (int i = 0; i < 100'000; ++i) group.spawn(turns(1, ended));
    EXPECT_EQ(group.running(), 100'000U);
    run_ready();
    EXPECT_EQ(ended, 100'000);
}

TEST(TaskGroupDeathTest, EndingAGroupBeforeItsTasksIsABug) {
    ManualClock clock;
    const Scheduler scheduler(clock);
    int ended = 0;
    const auto drop_a_group = [&] {
        TaskGroup group;
        group.spawn(turns(1, ended));
    };
    EXPECT_DEATH(drop_a_group(), "running_ == 0");
}

}  // namespace
}  // namespace s3b
