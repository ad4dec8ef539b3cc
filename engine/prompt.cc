// SPDX-License-Identifier: Apache-2.0
#include "engine/prompt.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace s3b {

namespace {

/// More than any answer has; what comes behind makes none of it.
constexpr size_t kMaxAnswer = 80;
constexpr uint64_t kCurrentPosition = ~uint64_t{0};

bool is_yes(std::string answer) {
    while (!answer.empty() &&
           std::string_view(" \t\r\n").find(answer.back()) != std::string_view::npos) {
        answer.pop_back();
    }
    for (char& c : answer) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return answer == "y" || answer == "yes";
}

}  // namespace

void Console::say(std::string_view text) { write("s3backer: " + std::string(text) + "\n"); }

void ProcessConsole::write(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

bool ProcessConsole::is_terminal() const { return isatty(STDERR_FILENO) == 1; }

Task<std::string> ProcessConsole::read_line() {
    std::string line;
    std::array<std::byte, 1> next{};  // what is behind the line is not ours
    while (line.size() < kMaxAnswer) {
        const int32_t count = co_await ring_.read(STDIN_FILENO, next, kCurrentPosition);
        if (count == -EINTR) continue;
        if (count <= 0 || next[0] == std::byte{'\n'}) break;
        line += static_cast<char>(next[0]);
    }
    co_return line;
}

Task<bool> confirm(Console& console) {
    console.write("s3backer: is this correct? [y/N] ");
    std::string answer = co_await console.read_line();
    co_return is_yes(std::move(answer));
}

}  // namespace s3b
