// SPDX-License-Identifier: Apache-2.0
// The question for the password on a terminal: a child of ours has a pseudo-terminal as its
// controlling one, and we type.
#include "engine/password.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

namespace s3b {

namespace {

constexpr const char* kQuestion = "Password: ";

/// What the child ends with.
enum Outcome : int { kExpected = 0, kOther = 1, kFailed = 10 };  // kFailed + the Errc

/// Asks, and says by the exit status whether `expected` came of it.
[[noreturn]] void ask_and_exit(const std::string& expected) {
    const Result<codec::LockedBytes> answer = prompt_for_password(kQuestion);
    if (!answer) _exit(kFailed + static_cast<int>(answer.error().code));
    _exit(answer->text() == expected ? kExpected : kOther);
}

/// A child that asks on a terminal whose other end is ours.
class PasswordPromptTest : public ::testing::Test {
protected:
    ~PasswordPromptTest() override {
        if (child_ > 0) {
            kill(child_, SIGKILL);
            wait_for_end();
        }
        if (terminal_ >= 0) close(terminal_);
    }

    void start(const std::string& expected) {
        child_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
        ASSERT_GE(child_, 0);
        if (child_ == 0) ask_and_exit(expected);
    }
    /// What the terminal shows until `end` is seen, or the child has closed it.
    void show_until(const std::string& end) {
        static constexpr int kPatienceMs = 20000;  // only for a test that fails
        while (end.empty() || shown_.find(end) == std::string::npos) {
            pollfd ready{terminal_, POLLIN, 0};
            ASSERT_EQ(poll(&ready, 1, kPatienceMs), 1) << shown_;
            char text[64];
            const ssize_t count = read(terminal_, text, sizeof text);
            if (count <= 0) return;  // EIO: the child has ended
            shown_.append(text, static_cast<size_t>(count));
        }
    }
    void type(const std::string& text) const {
        ASSERT_EQ(write(terminal_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    int wait_for_end() {
        int status = 0;
        while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
        }
        child_ = -1;
        return status;
    }
    /// Types the interrupt character. The child may be between the question and its read(2), which
    /// the signal does not end then: so again, until it has ended.
    void interrupt_until_end() const {
        static constexpr int kPauseMs = 100;
        static constexpr int kMostTries = 200;  // only for a test that fails
        pollfd end{static_cast<int>(syscall(SYS_pidfd_open, child_, 0)), POLLIN, 0};
        ASSERT_GE(end.fd, 0);
        int ended = 0;
        for (int i = 0; ended == 0 && i < kMostTries; ++i) {
            type("\x03");
            ended = poll(&end, 1, kPauseMs);
        }
        close(end.fd);
        ASSERT_EQ(ended, 1);
    }
    /// What the child exits with when `text` is typed as an answer.
    int exit_code_of(const std::string& text, const std::string& expected) {
        start(expected);
        show_until(kQuestion);
        type(text);
        show_until("");
        const int status = wait_for_end();
        EXPECT_TRUE(WIFEXITED(status));
        return WEXITSTATUS(status);
    }
    bool echoes() const {
        termios mode{};
        EXPECT_EQ(tcgetattr(terminal_, &mode), 0);
        return (mode.c_lflag & ECHO) != 0;
    }

    int terminal_ = -1;
    pid_t child_ = -1;
    std::string shown_;
};

TEST_F(PasswordPromptTest, ReadsALineThatIsNotShown) {
    EXPECT_EQ(exit_code_of("top secret\n", "top secret"), kExpected);
    EXPECT_TRUE(shown_.starts_with(kQuestion)) << shown_;
    EXPECT_EQ(shown_.find("secret"), std::string::npos) << shown_;
}

TEST_F(PasswordPromptTest, EchoesNothingUntilItIsOver) {
    start("secret");
    EXPECT_TRUE(echoes());
    show_until(kQuestion);
    EXPECT_FALSE(echoes());
    type("secret\n");
    show_until("");
    EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(PasswordPromptTest, TakesAPasswordOfTheGreatestLength) {
    EXPECT_EQ(exit_code_of(std::string(kMaxPasswordBytes, 'x') + "\n",
                           std::string(kMaxPasswordBytes, 'x')),
              kExpected);
}

TEST_F(PasswordPromptTest, RefusesALongerOneInsteadOfCuttingIt) {
    EXPECT_EQ(exit_code_of(std::string(kMaxPasswordBytes + 1, 'x') + "\n", ""),
              kFailed + static_cast<int>(Errc::NoSpace));
}

TEST_F(PasswordPromptTest, RefusesAnEmptyLine) {
    EXPECT_EQ(exit_code_of("\n", ""), kFailed + static_cast<int>(Errc::NotFound));
}

TEST_F(PasswordPromptTest, RefusesTheEndOfTheInput) {
    EXPECT_EQ(exit_code_of("\x04", ""), kFailed + static_cast<int>(Errc::NotFound));
}

TEST_F(PasswordPromptTest, EndsAtAnInterruptWithTheEchoOnAgain) {
    // The other side is held open, so that the mode is that which the child has left.
    start("");
    show_until(kQuestion);
    const int held = open(ptsname(terminal_), O_RDWR | O_NOCTTY);
    ASSERT_GE(held, 0);
    type("sec");
    interrupt_until_end();
    const int status = wait_for_end();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    EXPECT_TRUE(echoes());
    close(held);
}

TEST_F(PasswordPromptTest, NeedsATerminal) {
    child_ = fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
        setsid();  // which has none
        ask_and_exit("");
    }
    const int status = wait_for_end();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), kFailed + static_cast<int>(Errc::Unsupported));
}

}  // namespace
}  // namespace s3b
