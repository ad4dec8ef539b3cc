// SPDX-License-Identifier: Apache-2.0
// The table of block_state.h against the rules of cache-and-consistency.md 2.3 and 7, written down
// here a second time: one row a state, one column an event.
#include "cache/block_state.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace s3b::cache {
namespace {

using enum BlockState;

// Letters: A)bsent R)eading C)lean P)artial F)illing D)irty W)riting X=Rewritten, '.' = not legal.
constexpr char kLetters[] = "ARCPFDWX";

// Columns: BeginRead FinishRead FindNothing FailRead WritePart WriteWhole
//          BeginPut FinishPut FailPut Discard Evict Spill
const std::map<BlockState, std::string> kExpected = {
    {Absent, "R...PD......"},  {Reading, ".CAAFF......"},   {Clean, "....DD...AA."},
    {Partial, "F...PD...A.."}, {Filling, ".DDPFF......"},   {Dirty, "....DDW..A.P"},
    {Writing, "....XX.CD..."}, {Rewritten, "....XX.DD..."},
};

char letter_of(std::optional<BlockState> state) {
    return state ? kLetters[static_cast<int>(*state)] : '.';
}

TEST(BlockState, EveryPairOfStateAndEventLeadsWhereTheRulesSay) {
    ASSERT_EQ(kExpected.size(), static_cast<size_t>(kBlockStates));
    for (const auto& [state, row] : kExpected) {
        ASSERT_EQ(row.size(), static_cast<size_t>(kBlockEvents));
        std::string actual;
        for (int event = 0; event < kBlockEvents; ++event) {
            actual += letter_of(next_state(state, static_cast<BlockEvent>(event)));
        }
        EXPECT_EQ(actual, row) << "from state " << letter_of(state);
    }
}

TEST(BlockState, NoPairStandsInTheTableTwice) {
    std::set<std::pair<BlockState, BlockEvent>> seen;
    for (const Transition& step : kTransitions) {
        EXPECT_TRUE(seen.emplace(step.from, step.event).second)
            << letter_of(step.from) << " event " << static_cast<int>(step.event);
    }
}

std::set<BlockState> reachable_from(BlockState start) {
    std::set<BlockState> reached{start};
    for (bool grew = true; grew;) {
        grew = false;
        for (const Transition& step : kTransitions) {
            if (reached.contains(step.from)) grew |= reached.insert(step.to).second;
        }
    }
    return reached;
}

TEST(BlockState, EveryStateIsReachedFromEveryOther) {
    for (int state = 0; state < kBlockStates; ++state) {
        EXPECT_EQ(reachable_from(static_cast<BlockState>(state)).size(),
                  static_cast<size_t>(kBlockStates))
            << letter_of(static_cast<BlockState>(state));
    }
}

TEST(BlockState, WhatIsWrittenIsDirtyUntilItIsStored) {
    EXPECT_FALSE(is_dirty(Absent));
    EXPECT_FALSE(is_dirty(Reading));
    EXPECT_FALSE(is_dirty(Clean));
    EXPECT_TRUE(is_dirty(Partial));
    EXPECT_TRUE(is_dirty(Filling));
    EXPECT_TRUE(is_dirty(Dirty));
    EXPECT_TRUE(is_dirty(Writing));
    EXPECT_TRUE(is_dirty(Rewritten));
}

TEST(BlockState, OnlyASuccessfulUploadOfTheNewestBytesOrADiscardEndsDirtiness) {
    for (const Transition& step : kTransitions) {
        if (!is_dirty(step.from) || is_dirty(step.to)) continue;
        if (step.event == BlockEvent::Discard) continue;
        EXPECT_EQ(step.from, Writing);
        EXPECT_EQ(step.event, BlockEvent::FinishPut);
    }
}

TEST(BlockState, NoBlockIsDiscardedWhileATransferIsUnderWay) {
    for (const BlockState state : {Reading, Filling, Writing, Rewritten}) {
        EXPECT_EQ(next_state(state, BlockEvent::Discard), std::nullopt);
    }
}

TEST(BlockState, EveryWriteLeavesADirtyBlock) {
    for (int state = 0; state < kBlockStates; ++state) {
        for (const BlockEvent write : {BlockEvent::WritePart, BlockEvent::WriteWhole}) {
            const auto next = next_state(static_cast<BlockState>(state), write);
            ASSERT_TRUE(next.has_value());  // a client may write at any time
            EXPECT_TRUE(is_dirty(*next));
        }
    }
}

TEST(BlockState, NoDownloadBeginsWhileAnUploadIsUnderWay) {
    for (const BlockState state : {Dirty, Writing, Rewritten}) {
        EXPECT_EQ(next_state(state, BlockEvent::BeginRead), std::nullopt);
    }
    for (const BlockState state : {Reading, Filling, Partial}) {
        EXPECT_EQ(next_state(state, BlockEvent::BeginPut), std::nullopt);
    }
}

}  // namespace
}  // namespace s3b::cache
