// SPDX-License-Identifier: Apache-2.0
// What lands on stderr for a log call. The rate limit counts the lines of one text (by its address)
// in one wall-clock second, so its tests try again with a new text when a second ends in between.
#include "engine/base/log.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <deque>
#include <thread>
#include <vector>

namespace s3b {
namespace {

using log::kv;

template <class Fn>
std::string captured(Fn fn) {
    ::testing::internal::CaptureStderr();
    fn();
    return ::testing::internal::GetCapturedStderr();
}

/// A text that no rate limit has seen yet.
const char* new_text(const char* text) {
    static std::deque<std::string> texts;
    return texts.emplace_back(text).c_str();
}

/// What is printed behind "key=" for `pair`.
std::string printed(const log::Pair& pair) {
    const std::string line = captured([&] { log::error(new_text("pair"), pair); });
    const std::string before = "ERROR: pair key=";
    const size_t begin = line.find(before);
    if (begin == std::string::npos || line.back() != '\n') return "malformed line: " + line;
    return line.substr(begin + before.size(), line.size() - begin - before.size() - 1);
}

/// Runs `fn` with a new text until one run falls into one second; what that run printed.
template <class Fn>
std::string captured_in_one_second(Fn fn) {
    for (;;) {
        const time_t begin = std::time(nullptr);
        const char* text = new_text("storm");
        const std::string lines = captured([&] { fn(text); });
        if (std::time(nullptr) == begin) return lines;
    }
}

/// `form` is a POSIX extended regular expression of the whole text.
bool matches(const std::string& text, const char* form) {
    return ::testing::internal::RE::FullMatch(text, ::testing::internal::RE(form));
}

size_t lines_in(const std::string& text) {
    return static_cast<size_t>(std::ranges::count(text, '\n'));
}

class LogTest : public ::testing::Test {
protected:
    void TearDown() override { log::set_debug(false); }
};

TEST_F(LogTest, ALineHasTimeLevelTextAndPairs) {
    const std::string line =
        captured([] { log::warn("block is late", kv("in", 5), kv("why", "no")); });
    constexpr const char* kForm =
        "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} WARNING: block is late in=5 why=no\n";
    EXPECT_TRUE(matches(line, kForm)) << line;
}

TEST_F(LogTest, EachLevelHasItsName) {
    log::set_debug(true);
    EXPECT_NE(captured([] { log::debug("level d"); }).find(" DEBUG: level d\n"), std::string::npos);
    EXPECT_NE(captured([] { log::info("level i"); }).find(" INFO: level i\n"), std::string::npos);
    EXPECT_NE(captured([] { log::error("level e"); }).find(" ERROR: level e\n"), std::string::npos);
}

TEST_F(LogTest, DebugLinesAreOffUntilAskedFor) {
    EXPECT_FALSE(log::debug_enabled());
    EXPECT_EQ(captured([] { log::debug("detail", kv("a", 1)); }), "");
    log::set_debug(true);
    EXPECT_EQ(lines_in(captured([] { log::debug("detail", kv("a", 1)); })), 1U);
    log::set_debug(false);
    EXPECT_EQ(captured([] { log::debug("detail", kv("a", 1)); }), "");
}

TEST_F(LogTest, NumbersArePrintedWhole) {
    EXPECT_EQ(printed(kv("key", uint64_t{UINT64_MAX})), "18446744073709551615");
    EXPECT_EQ(printed(kv("key", int64_t{INT64_MIN})), "-9223372036854775808");
    EXPECT_EQ(printed(kv("key", -1)), "-1");
    EXPECT_EQ(printed(kv("key", true)), "yes");
    EXPECT_EQ(printed(kv("key", false)), "no");
}

TEST_F(LogTest, QuantitiesHaveTheirOwnForm) {
    EXPECT_EQ(printed(kv("key", BlockNumber(0xAB))), "000000ab");
    EXPECT_EQ(printed(kv("key", ByteCount(4096))), "4096");
    EXPECT_EQ(printed(kv("key", BlockCount(uint64_t{1} << 32))), "4294967296");
    EXPECT_EQ(printed(kv("key", Duration(std::chrono::seconds(2)))), "2000ms");
}

TEST_F(LogTest, ErrorsNameCodeTextAndErrno) {
    EXPECT_EQ(printed(kv("key", Error(Errc::NotFound, ""))), "NotFound");
    EXPECT_EQ(printed(kv("key", Error(Errc::Io, "cache file", ENOSPC))),
              "\"Io: cache file (No space left on device)\"");
}

TEST_F(LogTest, ValuesWithBlanksQuotesOrNothingAreQuoted) {
    EXPECT_EQ(printed(kv("key", "plain/value-1")), "plain/value-1");
    EXPECT_EQ(printed(kv("key", "two words")), "\"two words\"");
    EXPECT_EQ(printed(kv("key", "a=b")), "\"a=b\"");
    EXPECT_EQ(printed(kv("key", "say \"x\"")), "\"say \\\"x\\\"\"");
    EXPECT_EQ(printed(kv("key", "back\\slash here")), "\"back\\\\slash here\"");
    EXPECT_EQ(printed(kv("key", "")), "\"\"");
}

TEST_F(LogTest, NoControlCharacterGetsIntoALine) {
    std::string value;
    for (char c = 1; c < 0x20; ++c) value += c;
    value += '\x7f';
    const std::string all = captured([&] { log::error("controls", kv("key", value)); });
    EXPECT_EQ(std::ranges::count_if(all, [](unsigned char c) { return c < 0x20 || c == 0x7f; }), 1);
    EXPECT_EQ(all.back(), '\n');
}

TEST_F(LogTest, AControlCharacterAloneIsReplacedToo) {
    const std::string line = captured([] { log::error("escape", kv("key", "\x1b[2Jboo")); });
    EXPECT_NE(line.find("key=\" [2Jboo\"\n"), std::string::npos) << line;
    const std::string other = captured([] { log::error("return", kv("key", "a\rb")); });
    EXPECT_NE(other.find("key=\"a b\"\n"), std::string::npos) << other;
}

TEST_F(LogTest, ASecondHasTenLinesOfOneTextAtTheMost) {
    const std::string lines = captured_in_one_second([](const char* text) {
        for (int i = 0; i < 25; ++i) log::warn(text, kv("i", i));
    });
    EXPECT_EQ(lines_in(lines), static_cast<size_t>(log::kLinesPerSecond));
    EXPECT_NE(lines.find("i=9\n"), std::string::npos);
}

TEST_F(LogTest, TheNextLineSaysHowManyWereLeftOutAndTheOneAfterDoesNot) {
    const char* storm = nullptr;
    captured_in_one_second([&](const char* text) {
        storm = text;
        for (int i = 0; i < log::kLinesPerSecond + 7; ++i) log::warn(text);
    });
    const time_t second_of_the_storm = std::time(nullptr);
    while (std::time(nullptr) == second_of_the_storm) poll(nullptr, 0, 10);
    const std::string next = captured([&] { log::warn(storm, kv("i", 1)); });
    EXPECT_NE(next.find("i=1 (and 7 more such lines)\n"), std::string::npos) << next;
    const std::string after = captured([&] { log::warn(storm, kv("i", 2)); });
    EXPECT_NE(after.find("i=2\n"), std::string::npos) << after;
}

TEST_F(LogTest, OtherTextsHaveALimitOfTheirOwn) {
    const std::string lines = captured([] {
        for (int i = 0; i < 25; ++i) log::warn("the loud one");
        log::warn("the quiet one");
    });
    EXPECT_NE(lines.find("the quiet one\n"), std::string::npos);
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole) {
    const std::string lines = captured_in_one_second([](const char* text) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([text] {
                for (int i = 0; i < 100; ++i) log::info(text, kv("half", "whole"));
            });
        }
        for (std::thread& thread : threads) thread.join();
    });
    EXPECT_EQ(lines_in(lines), static_cast<size_t>(log::kLinesPerSecond));
    constexpr const char* kForm =
        "([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} INFO: storm half=whole\n)+";
    EXPECT_TRUE(matches(lines, kForm)) << lines;
}

}  // namespace
}  // namespace s3b
