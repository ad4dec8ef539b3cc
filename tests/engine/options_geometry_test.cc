// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/options.h"
#include "tests/engine/command_line.h"

namespace s3b {

namespace {

constexpr ByteCount kKilo(1024);
constexpr ByteCount kMega(uint64_t(1) << 20);
constexpr ByteCount kTera(uint64_t(1) << 40);

ByteCount times(uint64_t count, ByteCount unit) { return ByteCount(count * unit.value); }

/// `config` with a cache smaller than any volume here.
Config sizes(std::optional<ByteCount> size, std::optional<ByteCount> block_size) {
    Config config;
    config.size = size;
    config.block_size = block_size;
    config.cache.size = 1;
    config.quiet = true;
    return config;
}

std::string wrong_with(Config config, std::optional<DetectedSizes> detected = std::nullopt) {
    const Checked<Geometry> result = check_geometry(config, detected);
    return result.error() != nullptr ? result.error()->text : "";
}

Geometry geometry_of(Config config, std::optional<DetectedSizes> detected = std::nullopt) {
    const Checked<Geometry> result = check_geometry(config, detected);
    EXPECT_NE(result.value(), nullptr);
    return result.value() != nullptr ? *result.value() : Geometry();
}

TEST(GeometryTest, IsWhatIsGiven) {
    EXPECT_EQ(geometry_of(sizes(kMega, times(8, kKilo))),
              (Geometry{times(8, kKilo), BlockCount(128)}));
    EXPECT_EQ(geometry_of(sizes(ByteCount(3), ByteCount(1))),
              (Geometry{ByteCount(1), BlockCount(3)}));
}

TEST(GeometryTest, HasBlocksOf4KiBByDefault) {
    EXPECT_EQ(geometry_of(sizes(kMega, {})), (Geometry{times(4, kKilo), BlockCount(256)}));
}

TEST(GeometryTest, IsWhatIsDetectedIfNothingIsGiven) {
    EXPECT_EQ(geometry_of(sizes({}, {}), DetectedSizes{kMega, times(64, kKilo)}),
              (Geometry{times(64, kKilo), BlockCount(16)}));
}

TEST(GeometryTest, NeedsASize) {
    EXPECT_TRUE(names(wrong_with(sizes({}, kKilo)), {"no size", "found nothing", "size=SIZE"}));
    Config undetected = sizes({}, {});
    undetected.auto_detect = false;
    EXPECT_TRUE(names(wrong_with(undetected), {"no size", "off"}));
}

TEST(GeometryTest, MustAgreeWithWhatIsDetected) {
    const DetectedSizes detected{kMega, times(4, kKilo)};
    EXPECT_TRUE(names(wrong_with(sizes({}, times(8, kKilo)), detected),
                      {"block size", "8k", "4k", "force"}));
    EXPECT_TRUE(names(wrong_with(sizes(times(2, kMega), {}), detected),
                      {"file size", "2m", "1m", "force"}));
    EXPECT_EQ(wrong_with(sizes(kMega, times(4, kKilo)), detected), "");
}

TEST(GeometryTest, ThatDisagreesIsUsedWithForceAndAWarning) {
    Config config = sizes(times(2, kMega), times(8, kKilo));
    config.force = true;
    config.quiet = false;
    const Checked<Geometry> result = check_geometry(config, DetectedSizes{kMega, times(4, kKilo)});
    ASSERT_NE(result.value(), nullptr);
    EXPECT_EQ(*result.value(), (Geometry{times(8, kKilo), BlockCount(256)}));
    ASSERT_EQ(result.messages.size(), 3U);
    EXPECT_TRUE(names(result.messages[1], {"warning", "block size", "8k", "4k"}));
    EXPECT_TRUE(names(result.messages[2], {"warning", "file size", "2m", "1m"}));
    config.quiet = true;
    EXPECT_TRUE(check_geometry(config, DetectedSizes{kMega, times(4, kKilo)}).messages.empty());
}

TEST(GeometryTest, OfBlocksThatAreNoPowerOfTwoIsRefused) {
    EXPECT_TRUE(names(wrong_with(sizes(kMega, ByteCount(3000))), {"3000", "power of two"}));
    EXPECT_NE(wrong_with(sizes({}, {}), DetectedSizes{kMega, ByteCount(0)}), "");
    EXPECT_NE(wrong_with(sizes({}, {}), DetectedSizes{kTera, ByteCount(uint64_t(1) << 32)}), "");
}

TEST(GeometryTest, OfBrokenBlocksIsRefused) {
    EXPECT_TRUE(names(wrong_with(sizes(times(1000, kKilo), kMega)), {"1000k", "multiple", "1m"}));
    EXPECT_NE(wrong_with(sizes({}, {}), DetectedSizes{ByteCount(0), kKilo}), "");
}

TEST(GeometryTest, HasAtMostTwoToThe32Blocks) {
    EXPECT_EQ(geometry_of(sizes(times(16, kTera), times(4, kKilo))).blocks,
              BlockCount(uint64_t(1) << 32));
    EXPECT_TRUE(names(wrong_with(sizes(times(17, kTera), times(4, kKilo))), {"17t", "2^32", "4k"}));
}

TEST(GeometryTest, IsNoLargerThanAFileCanBe) {
    const ByteCount largest_block(uint64_t(1) << 31);
    EXPECT_NE(wrong_with(sizes(ByteCount(uint64_t(1) << 63), largest_block)), "");
    EXPECT_EQ(wrong_with(sizes(ByteCount(uint64_t(1) << 62), largest_block)), "");
}

TEST(GeometryTest, ReducesACacheThatIsLargerThanTheVolume) {
    Config config = sizes(kMega, {});
    config.cache.size = 1000;
    const Checked<Geometry> result = check_geometry(config, std::nullopt);
    EXPECT_EQ(config.cache.size, 256U);
    ASSERT_EQ(result.messages.size(), 1U);  // although quiet
    EXPECT_TRUE(names(result.messages[0], {"warning", "1000", "256"}));
}

TEST(GeometryTest, LeavesACacheOfTheSizeOfTheVolume) {
    Config config = sizes(kMega, {});
    config.cache.size = 256;
    EXPECT_TRUE(check_geometry(config, std::nullopt).messages.empty());
    EXPECT_EQ(config.cache.size, 256U);
}

TEST(GeometryTest, SaysUnlessQuietWhereItIsFrom) {
    Config config = sizes(kMega, {});
    config.quiet = false;
    EXPECT_EQ(check_geometry(config, std::nullopt).messages,
              std::vector<std::string>{
                  "auto-detection failed; using default block size 4k and file size 1m"});
    config.auto_detect = false;
    config.block_size = kKilo;
    EXPECT_EQ(check_geometry(config, std::nullopt).messages,
              std::vector<std::string>{
                  "auto-detection disabled; using configured block size 1k and file size 1m"});
    EXPECT_EQ(check_geometry(config, DetectedSizes{kMega, kKilo}).messages,
              std::vector<std::string>{"auto-detected block size=1k and total size=1m"});
}

TEST(GeometryTest, OfABlockThatTheSpeedDoesNotCarryInTimeIsRefused) {
    Config config = sizes(kMega, times(4, kKilo));
    config.s3.timeout = std::chrono::seconds(32);
    for (ByteCount net::S3Settings::* speed :
         {&net::S3Settings::upload_speed, &net::S3Settings::download_speed}) {
        Config limited = config;
        limited.s3.*speed = ByteCount(128);  // 32 seconds for a block
        EXPECT_TRUE(names(wrong_with(limited), {"`timeout=32' is too short", "4k", "32 seconds"}));
        limited.s3.timeout = std::chrono::seconds(33);
        EXPECT_EQ(wrong_with(limited), "");
        limited.s3.timeout = Duration::zero();
        EXPECT_EQ(wrong_with(limited), "");
    }
}

TEST(GeometryTest, ThatIsDetectedMustFitTheSpeed) {
    Config config = sizes({}, {});
    config.s3.upload_speed = ByteCount(1024);
    EXPECT_TRUE(names(wrong_with(config, DetectedSizes{kMega, times(64, kKilo)}),
                      {"too short", "`maxUploadSpeed'", "64k", "64 seconds"}));
    EXPECT_EQ(wrong_with(config, DetectedSizes{kMega, times(16, kKilo)}), "");
}

}  // namespace

}  // namespace s3b
