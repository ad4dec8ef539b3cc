// SPDX-License-Identifier: Apache-2.0
// Crashes of a volume with a cache file.
//   S3B_CRASH_SEEDS=FIRST-LAST   which seeds to run (default below); a failure prints its seed.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/reactor/temp_folder.h"
#include "tests/sim/crash_run.h"

namespace s3b {
namespace {

std::pair<uint32_t, uint32_t> seeds() {
    const char* range = std::getenv("S3B_CRASH_SEEDS");
    uint32_t first = 1;
    uint32_t last = 1000;
    if (range != nullptr && std::sscanf(range, "%u-%u", &first, &last) == 1) last = first;
    return {first, last};
}

class CrashTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(CrashTest, NothingPromisedIsLostAndNothingStaleIsShown) {
    const TempFolder folder;
    const auto [first, last] = seeds();
    for (uint32_t seed = first; seed <= last; ++seed) {
        if (seed % 4 != GetParam()) continue;
        CrashRun run(seed, folder.file("cache"));
        ASSERT_EQ(run.run(), "") << "S3B_CRASH_SEEDS=" << seed << " shows it again";
    }
}

TEST(CrashAtEachStep, NothingPromisedIsLostAndNothingStaleIsShown) {
    const TempFolder folder;
    size_t moments = 0;
    for (uint32_t seed = 1; seed <= 300; ++seed) {
        CrashRun run(seed, folder.file("cache"), true);
        ASSERT_EQ(run.run_each_prefix(), "") << "seed " << seed;
        moments += run.moments();
    }
    EXPECT_GT(moments, 10'000U);
    RecordProperty("crashes", static_cast<int>(moments));
}

INSTANTIATE_TEST_SUITE_P(Quarters, CrashTest, ::testing::Range(0U, 4U));

}  // namespace
}  // namespace s3b
