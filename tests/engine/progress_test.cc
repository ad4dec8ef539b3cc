// SPDX-License-Identifier: Apache-2.0
#include "engine/progress.h"

#include "tests/engine/listing_fixture.h"

namespace s3b {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ProgressTest : public ::testing::Test {
protected:
    void pass(Duration time) { loop_.run_for(time); }

    SimLoop loop_;
    FakeConsole console_;
};

TEST_F(ProgressTest, TellsRateAndTimeLeft) {
    Progress progress(seconds(10));
    pass(milliseconds(9999));
    EXPECT_FALSE(progress.due(100, 0.1).has_value());
    pass(milliseconds(1));
    const auto report = progress.due(1000, 0.25);
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->count, 1000U);
    EXPECT_EQ(report->per_second, 100U);
    EXPECT_EQ(report->left, seconds(30));
    EXPECT_FALSE(progress.due(1001, 0.25).has_value());
    pass(seconds(10));
    const auto vague = progress.due(1000, 0);
    ASSERT_TRUE(vague.has_value());
    EXPECT_FALSE(vague->left.has_value());
}

TEST_F(ProgressTest, ATerminalHasOneLineRedrawnFiveTimesASecond) {
    console_.terminal = true;
    ProgressBar bar(console_, "erasing", true);
    pass(seconds(2));
    bar.update(100, 0.5);
    EXPECT_EQ(console_.take(),
              "\r\x1b[Ks3backer: erasing [##########..........] 100, 50 a second, 2 s left");
    pass(milliseconds(199));
    bar.update(101, 0.5);
    EXPECT_EQ(console_.take(), "");
    pass(milliseconds(1));
    bar.update(110, 1);
    EXPECT_NE(console_.take().find("[####################] 110, 50 a second, 0 s left"),
              std::string::npos);
    bar.say("look");
    EXPECT_EQ(console_.take(), "\r\x1b[Ks3backer: look\n");
    bar.finish();
    EXPECT_EQ(console_.take(), "");
}

TEST_F(ProgressTest, ElsewhereItIsALineEachTenSeconds) {
    ProgressBar bar(console_, "erasing", true);
    pass(seconds(9));
    bar.update(100, 0.5);
    EXPECT_EQ(console_.take(), "");
    pass(seconds(1));
    bar.update(100, 0.5);
    EXPECT_EQ(console_.take(), "s3backer: erasing: 100, 10 a second, 10 s left\n");
    bar.finish();
    EXPECT_EQ(console_.take(), "");
}

TEST_F(ProgressTest, WhatIsNotShownWritesNothingButMessages) {
    ProgressBar bar(console_, "erasing", false);
    pass(hours(1));
    bar.update(100, 0.5);
    bar.finish();
    EXPECT_EQ(console_.take(), "");
    bar.say("look");
    EXPECT_EQ(console_.take(), "s3backer: look\n");
}

TEST_F(ProgressTest, TimesAreForPeople) {
    EXPECT_EQ(format_time(milliseconds(12'900)), "12 s");
    EXPECT_EQ(format_time(seconds(185)), "3 min 5 s");
    EXPECT_EQ(format_time(hours(2) + minutes(10) + seconds(59)), "2 h 10 min");
}

}  // namespace
}  // namespace s3b
