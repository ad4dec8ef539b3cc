// SPDX-License-Identifier: Apache-2.0
#include "codec/sampling.h"

#include <gtest/gtest.h>

#include "codec/text.h"
#include "tests/codec/codec_kit.h"

namespace s3b::codec {
namespace {

TEST(Sampler, KnowsNoiseFromText) {
    Sampler sampler;
    for (size_t size = 4096; size <= 16 * 1024 * 1024; size *= 4) {
        EXPECT_TRUE(sampler.looks_incompressible(random_block(size, 1))) << size;
        EXPECT_FALSE(sampler.looks_incompressible(text_block(size, 1))) << size;
    }
}

TEST(Sampler, DoesNotJudgeWhatIsTooShort) {
    Sampler sampler;
    EXPECT_FALSE(sampler.looks_incompressible(random_block(1024, 1)));
}

TEST(Sampler, WhatIsPartlyNoiseIsWorthATry) {
    Sampler sampler;
    Bytes block = random_block(256 * 1024, 1);
    std::ranges::copy(text_block(64 * 1024, 2), block.begin() + 64 * 1024);
    EXPECT_FALSE(sampler.looks_incompressible(block));
}

TEST(Sampler, EvenBytesThatRepeatAreWorthATry) {
    Sampler sampler;
    Bytes block(256 * 1024);
    for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::byte>(i);
    EXPECT_FALSE(sampler.looks_incompressible(block));
}

TEST(Sampler, TextInBase64IsWorthATry) {
    const std::string text = to_base64(random_block(48 * 1024, 1));
    Sampler sampler;
    EXPECT_FALSE(sampler.looks_incompressible(std::as_bytes(std::span(text))));
}

}  // namespace
}  // namespace s3b::codec
