// SPDX-License-Identifier: Apache-2.0
// The schedule of wire-format.md 3.4.
#include "net/retry.h"

#include <gtest/gtest.h>

#include <vector>

namespace s3b::net {
namespace {

using std::chrono::milliseconds;

std::vector<int64_t> pauses_ms(milliseconds initial, milliseconds max) {
    RetrySchedule schedule(initial, max);
    std::vector<int64_t> pauses;
    while (const auto pause = schedule.next_pause()) {
        pauses.push_back(std::chrono::duration_cast<milliseconds>(*pause).count());
    }
    return pauses;
}

TEST(RetrySchedule, DefaultsGiveNineAttempts) {
    const std::vector<int64_t> expected{200, 400, 800, 1600, 3200, 6400, 12800, 4600};
    EXPECT_EQ(pauses_ms(milliseconds(200), milliseconds(30000)), expected);
}

TEST(RetrySchedule, BothZeroIsOneAttempt) {
    EXPECT_TRUE(pauses_ms(milliseconds(0), milliseconds(0)).empty());
}

TEST(RetrySchedule, InitialZeroCountsAsAMillisecond) {
    EXPECT_EQ(pauses_ms(milliseconds(0), milliseconds(10)), (std::vector<int64_t>{1, 2, 4, 3}));
}

TEST(RetrySchedule, InitialAboveTheMaximumIsCut) {
    EXPECT_EQ(pauses_ms(milliseconds(50), milliseconds(20)), (std::vector<int64_t>{20}));
}

TEST(MayRetry, NotWhatWouldBeAnsweredTheSame) {
    for (const Errc code :
         {Errc::NotFound, Errc::Unchanged, Errc::Unauthorized, Errc::Forbidden, Errc::Cancelled}) {
        EXPECT_FALSE(may_retry(code)) << to_string(code);
    }
    for (const Errc code :
         {Errc::Stale, Errc::Redirected, Errc::Timeout, Errc::Unreachable, Errc::ServerError,
          Errc::Refused, Errc::BadReply, Errc::OutcomeUnknown}) {
        EXPECT_TRUE(may_retry(code)) << to_string(code);
    }
}

TEST(RetrySchedule, AnAskedForPauseIsKeptAsFarAsTheMaximumAllows) {
    RetrySchedule schedule(milliseconds(100), milliseconds(1000));
    EXPECT_EQ(schedule.next_pause(milliseconds(300)), milliseconds(300));
    EXPECT_EQ(schedule.next_pause(milliseconds(1)), milliseconds(200));
    EXPECT_EQ(schedule.next_pause(milliseconds(5000)), milliseconds(500));
    EXPECT_EQ(schedule.next_pause(), std::nullopt);
}

}  // namespace
}  // namespace s3b::net
