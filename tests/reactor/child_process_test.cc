// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/child_process.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "engine/reactor/reactor.h"

namespace s3b {
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

class CaptureTest : public ::testing::Test {
protected:
    /// What `script` leaves when it may print `room` bytes in `limit`.
    Result<ChildOutput> capture(const std::string& script, size_t room = 1000,
                                Duration limit = std::chrono::minutes(1)) {
        static constexpr auto kCapture = [](Ring& ring, Arguments arguments,
                                            std::span<std::byte> into, Duration time,
                                            Result<ChildOutput>& outcome) -> Task<void> {
            outcome = co_await capture_child(ring, std::move(arguments), into, time);
        };
        into_.assign(room, std::byte{});
        Reactor reactor;
        Result<ChildOutput> outcome = ChildOutput();
        reactor.run(kCapture(reactor.ring(), {"sh", "-c", script}, into_, limit, outcome));
        return outcome;
    }
    std::string printed(const Result<ChildOutput>& outcome) const {
        if (!outcome.has_value()) return "failed: " + describe(outcome.error());
        return {reinterpret_cast<const char*>(into_.data()), outcome->length};
    }

    std::vector<std::byte> into_;
};

TEST_F(CaptureTest, WhatAProgramPrintsIsKept) {
    const auto outcome = capture("printf abc; printf def; exit 3");
    EXPECT_EQ(printed(outcome), "abcdef");
    EXPECT_EQ(outcome->status, 3);
}

TEST_F(CaptureTest, OfItsErrorsTheFirstLineThatIsNotEmptyIsKept) {
    const auto outcome = capture("printf '\n\nfirst\nsecond\n' >&2; echo out");
    EXPECT_EQ(printed(outcome), "out\n");
    EXPECT_EQ(outcome->complaint, "first");
}

TEST_F(CaptureTest, EndlessErrorsAreReadButNotKept) {
    const auto outcome = capture("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo end");
    EXPECT_EQ(printed(outcome), "end\n");
    EXPECT_EQ(outcome->complaint, std::string(kMaxComplaint, 'x'));
}

TEST_F(CaptureTest, ExactlyAsMuchAsThereIsRoomForIsNotTooMuch) {
    EXPECT_EQ(printed(capture("printf 12345", 5)), "12345");
    const auto outcome = capture("printf 123456", 5);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, Errc::NoSpace);
}

TEST_F(CaptureTest, AProgramThatPrintsForEverIsKilled) {
    const auto outcome = capture("exec yes");
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, Errc::NoSpace);
}

TEST_F(CaptureTest, AProgramThatDoesNotEndIsKilledWithItsChildren) {
    const std::string fifo = ::testing::TempDir() + "s3b-fifo." + std::to_string(getpid());
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    // The writing end is held by the child of the shell: the reading one hears of its end.
    const int end = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
    const auto outcome = capture("exec 9>" + fifo + "; tail -f /dev/null & wait", 10,
                                 std::chrono::milliseconds(300));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, Errc::Timeout);
    fcntl(end, F_SETFL, 0);
    char byte = 0;
    while (read(end, &byte, 1) > 0) {
    }
    close(end);
    unlink(fifo.c_str());
}

TEST_F(CaptureTest, ItsInputIsEmpty) { EXPECT_EQ(printed(capture("cat; echo end")), "end\n"); }

}  // namespace
}  // namespace s3b
