// SPDX-License-Identifier: Apache-2.0
// Every cipher, every level, every size of blocks: there and back.
#include <gtest/gtest.h>

#include "tests/codec/codec_kit.h"

namespace s3b::codec {
namespace {

constexpr size_t kSmallest = 512;
constexpr size_t kLargest = 16 * 1024 * 1024;

class CipherRoundTripTest : public testing::TestWithParam<std::string> {};

TEST_P(CipherRoundTripTest, BlocksOfAnySizeComeBack) {
    for (size_t size = kSmallest; size <= kLargest; size *= 2) {
        SCOPED_TRACE(size);
        const auto codec = make_codec(size, {Algorithm::Deflate, 1, GetParam()});
        expect_round_trip(*codec, text_block(size, 1));
        if (size <= kLargest / 16) expect_round_trip(*codec, random_block(size, 2));
    }
}

std::string as_test_name(std::string name) {
    std::erase(name, '-');
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, CipherRoundTripTest, testing::ValuesIn(usable_ciphers()),
                         [](const auto& one) { return as_test_name(one.param); });

class LevelRoundTripTest : public testing::TestWithParam<int> {};

TEST_P(LevelRoundTripTest, DeflatedBlocksOfAnySizeComeBack) {
    for (size_t size = kSmallest; size <= kLargest; size *= 2) {
        SCOPED_TRACE(size);
        const auto codec = make_codec(size, {Algorithm::Deflate, GetParam(), ""});
        expect_round_trip(*codec, text_block(size, 1));
        expect_round_trip(*codec, random_block(size, 2));
        expect_round_trip(*codec, numbered_block(3, size));
    }
}

INSTANTIATE_TEST_SUITE_P(All, LevelRoundTripTest, testing::Range(0, 10));

TEST(ZstdRoundTrip, BlocksOfAnyLevelComeBack) {
    constexpr size_t kSize = 64 * 1024;
    for (int level = -7; level <= level_range(Algorithm::Zstd).most; ++level) {
        SCOPED_TRACE(level);
        const auto codec = make_codec(kSize, {Algorithm::Zstd, level, ""});
        expect_round_trip(*codec, text_block(kSize, 1));
        expect_round_trip(*codec, random_block(kSize, 2));
    }
}

TEST(ZstdRoundTrip, BlocksOfAnySizeComeBack) {
    for (size_t size = kSmallest; size <= kLargest; size *= 2) {
        SCOPED_TRACE(size);
        const auto codec = make_codec(size, {Algorithm::Zstd, 3, "AES-256-CBC"});
        expect_round_trip(*codec, text_block(size, 1));
        expect_round_trip(*codec, random_block(size, 2));
    }
}

}  // namespace
}  // namespace s3b::codec
