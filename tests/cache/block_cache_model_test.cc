// SPDX-License-Identifier: Apache-2.0
// BlockCache under random calls, compared with a model of the bytes (cache_model.h) after each.
#include <gtest/gtest.h>

#include "tests/cache/cache_model.h"

namespace s3b::cache {
namespace {

constexpr int kSteps = 2000;

class BlockCacheModelTest : public ::testing::TestWithParam<uint64_t> {};

// Ten parts, so that they run side by side and a failure names its part.
INSTANTIATE_TEST_SUITE_P(Seeds, BlockCacheModelTest, ::testing::Range(uint64_t{0}, uint64_t{10}));

TEST_P(BlockCacheModelTest, KeepsItsPromisesUnderRandomCalls) {
    for (uint64_t seed = GetParam() * 50; seed < GetParam() * 50 + 50; ++seed) {
        CacheModel model(seed);
        for (int i = 0; i < kSteps && model.error().empty(); ++i) model.step();
        ASSERT_EQ(model.error(), "") << "seed " << seed;
        model.drain();
        ASSERT_EQ(model.error(), "") << "seed " << seed << ", at the end";
    }
}

}  // namespace
}  // namespace s3b::cache
