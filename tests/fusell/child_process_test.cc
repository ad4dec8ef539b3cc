// SPDX-License-Identifier: Apache-2.0
#include "fusell/child_process.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "engine/reactor/reactor.h"

namespace s3b::fusell {
namespace {

using Arguments = std::vector<std::string>;

Task<void> note_outcome(Ring& ring, Arguments arguments, Result<int>& outcome) {
    outcome = co_await run_child(ring, std::move(arguments));
}

Result<int> outcome_of(Arguments arguments) {
    Reactor reactor;
    Result<int> outcome = 12345;
    reactor.run(note_outcome(reactor.ring(), std::move(arguments), outcome));
    return outcome;
}

TEST(ChildProcessTest, ItsExitStatusIsTold) {
    EXPECT_EQ(outcome_of({"true"}).value(), 0);
    EXPECT_EQ(outcome_of({"sh", "-c", "exit 7"}).value(), 7);
}

TEST(ChildProcessTest, TheSignalThatEndsItIsTold) {
    EXPECT_EQ(outcome_of({"sh", "-c", "kill -9 $$"}).value(), 128 + 9);
}

TEST(ChildProcessTest, AProgramThatDoesNotExistIsAnError) {
    const Result<int> outcome = outcome_of({"s3b-no-such-program"});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, Errc::Io);
    EXPECT_EQ(outcome.error().sys_errno, ENOENT);
}

}  // namespace
}  // namespace s3b::fusell
