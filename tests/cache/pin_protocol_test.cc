// SPDX-License-Identifier: Apache-2.0
// Every interleaving of the model of pin_protocol.h: a reader that holds a pin never sees bytes of
// another block, nor bytes that change while it holds it. And each rule is needed: without it the
// same search finds a wrong read.
#include "tests/cache/pin_protocol.h"

#include <gtest/gtest.h>

#include <deque>
#include <unordered_set>

namespace s3b::cache::model {
namespace {

struct Outcome {
    size_t states = 0;
    size_t wrong_reads = 0;
    size_t good_reads = 0;
};

/// Visits every state that can be reached, or stops at the first wrong read.
Outcome explore(const Rules& rules) {
    Outcome outcome;
    std::unordered_set<std::string> visited;
    std::deque<State> open{State{}};
    std::vector<State> next;
    visited.insert(open.back().key());
    while (!open.empty() && outcome.wrong_reads == 0) {
        const State state = open.front();
        open.pop_front();
        ++outcome.states;
        bool wrong = false;
        successors(state, rules, next, wrong);
        outcome.wrong_reads += wrong ? 1 : 0;
        for (const State& one : next) {
            for (const Reader& reader : one.readers) {
                outcome.good_reads += reader.step == ReaderStep::Unpin ? 1 : 0;
            }
            if (visited.insert(one.key()).second) open.push_back(one);
        }
    }
    return outcome;
}

TEST(PinProtocol, NoInterleavingShowsAReaderTheWrongBytes) {
    const Outcome outcome = explore(Rules());
    EXPECT_EQ(outcome.wrong_reads, 0U);
    EXPECT_GT(outcome.good_reads, 1000U);
    EXPECT_GT(outcome.states, 10'000U);  // it was a search
    RecordProperty("states", std::to_string(outcome.states));
}

TEST(PinProtocol, PinningWithoutComparingTheWordIsCaught) {
    Rules rules;
    rules.swap_compares_the_block = false;
    EXPECT_GT(explore(rules).wrong_reads, 0U);
}

TEST(PinProtocol, FreeingASlotThatAReaderHoldsIsCaught) {
    Rules rules;
    rules.freeing_respects_pins = false;
    EXPECT_GT(explore(rules).wrong_reads, 0U);
}

TEST(PinProtocol, ChangingAPinnedSlotInPlaceIsCaught) {
    Rules rules;
    rules.eviction_respects_pins = false;
    EXPECT_GT(explore(rules).wrong_reads, 0U);
}

TEST(PinProtocol, ChangingAReadableSlotWithoutLockingItIsCaught) {
    Rules rules;
    rules.rewriting_locks_first = false;
    EXPECT_GT(explore(rules).wrong_reads, 0U);
}

TEST(PinProtocol, PublishingASlotBeforeItsBytesIsCaught) {
    Rules rules;
    rules.word_follows_the_bytes = false;
    EXPECT_GT(explore(rules).wrong_reads, 0U);
}

}  // namespace
}  // namespace s3b::cache::model
