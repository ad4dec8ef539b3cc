// SPDX-License-Identifier: Apache-2.0
#include "engine/base/check.h"

#include <gtest/gtest.h>

namespace s3b {
namespace {

TEST(CheckDeathTest, AFailedCheckSaysWhatAndWhereAndAborts) {
    const int two = 2;
    EXPECT_EXIT(CHECK(two + two == 5), ::testing::KilledBySignal(SIGABRT),
                "BUG: CHECK\\(two \\+ two == 5\\) failed at .*check_test.cc:[0-9]+");
}

TEST(Check, EvaluatesItsConditionOnce) {
    int evaluated = 0;
    CHECK(++evaluated > 0);
    EXPECT_EQ(evaluated, 1);
}

TEST(Check, IsOneStatement) {
    bool reached_else = false;
    if (reached_else)
        CHECK(false);
    else
        reached_else = true;
    EXPECT_TRUE(reached_else);
}

#ifdef NDEBUG
TEST(Check, DcheckDoesNotEvaluateInReleaseBuilds) {
    int evaluated = 0;
    DCHECK(++evaluated > 0);
    EXPECT_EQ(evaluated, 0);
}
#else
TEST(CheckDeathTest, DcheckAbortsInDebugBuilds) {
    const bool condition = false;
    EXPECT_DEATH(DCHECK(condition), "CHECK\\(condition\\)");
}
#endif

}  // namespace
}  // namespace s3b
