// SPDX-License-Identifier: Apache-2.0
#include "net/latency_tracker.h"

#include <gtest/gtest.h>

namespace s3b::net {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(LatencyTracker, SaysNothingBeforeThereAreEnoughSamples) {
    LatencyTracker tracker;
    for (uint32_t i = 1; i < LatencyTracker::kLeastSamples; ++i) tracker.add(milliseconds(1));
    EXPECT_FALSE(tracker.percentile(50).has_value());
    tracker.add(milliseconds(1));
    EXPECT_TRUE(tracker.percentile(50).has_value());
}

TEST(LatencyTracker, IsAtMostAnEighthTooHighAndNeverTooLow) {
    for (int64_t us = 8; us < 200'000'000; us = us * 9 / 8 + 1) {
        LatencyTracker tracker;
        for (uint32_t i = 0; i < LatencyTracker::kLeastSamples; ++i) tracker.add(microseconds(us));
        const Duration found = *tracker.percentile(99);
        EXPECT_GE(found, microseconds(us));
        EXPECT_LE(found, microseconds(us + us / 8 + 1)) << us;
    }
}

TEST(LatencyTracker, PercentilesPartTheSamples) {
    LatencyTracker tracker;
    for (int i = 0; i < 900; ++i) {
        tracker.add(i % 10 == 0 ? milliseconds(100) : milliseconds(1));
    }
    EXPECT_LT(*tracker.percentile(89), milliseconds(2));
    EXPECT_GE(*tracker.percentile(91), milliseconds(100));
    EXPECT_GE(*tracker.percentile(99.99), milliseconds(100));
}

TEST(LatencyTracker, ForgetsWhatIsLongAgo) {
    LatencyTracker tracker;
    for (int i = 0; i < 1000; ++i) tracker.add(milliseconds(100));
    for (int i = 0; i < 4000; ++i) tracker.add(milliseconds(1));
    EXPECT_LT(*tracker.percentile(90), milliseconds(2));
}

TEST(LatencyTracker, KeepsRareSlowSamplesOverAWindow) {
    LatencyTracker tracker;
    for (int i = 0; i < 3000; ++i) tracker.add(i % 200 == 0 ? milliseconds(100) : milliseconds(1));
    EXPECT_GE(*tracker.percentile(99.9), milliseconds(100));
    EXPECT_LT(*tracker.percentile(99), milliseconds(2));
}

TEST(LatencyTracker, TakesAnyDuration) {
    LatencyTracker tracker;
    for (uint32_t i = 0; i < LatencyTracker::kLeastSamples; ++i) {
        tracker.add(Duration(-1));
        tracker.add(Duration::max());
    }
    EXPECT_LT(*tracker.percentile(50), milliseconds(1));
    EXPECT_GT(*tracker.percentile(60), std::chrono::minutes(4));
}

}  // namespace
}  // namespace s3b::net
