// SPDX-License-Identifier: Apache-2.0
#include "engine/stats.h"

#include <sstream>

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class StatsTest : public VolumeTest {
protected:
    /// The text behind `label` in the statistics; "?" if there is no such line.
    std::string value(const std::string& label) {
        std::istringstream text(world().volume().stats_text());
        for (std::string line; std::getline(text, line);) {
            std::istringstream words(line);
            std::string first;
            words >> first;
            if (first != label) continue;
            std::string rest;
            std::getline(words >> std::ws, rest);
            return rest;
        }
        return "?";
    }
};

TEST_F(StatsTest, LabelsFillTwentyEightColumns) {
    std::istringstream text(world().volume().stats_text());
    for (std::string line; std::getline(text, line);) {
        ASSERT_GT(line.size(), 29U) << line;
        EXPECT_EQ(line[28], ' ') << line;
        EXPECT_NE(line[29], ' ') << line;
    }
}

TEST_F(StatsTest, ReadsCountHitsMissesAndZeros) {
    bucket().set(key(1), block(1));
    world().read(0, 2 * kBlock);
    world().read(0, 2 * kBlock);
    EXPECT_EQ(value("block_cache_read_misses"), "2");
    EXPECT_EQ(value("block_cache_read_hits"), "1");
    EXPECT_EQ(value("zero_block_cache_read_hits"), "1");
    EXPECT_EQ(value("http_normal_blocks_read"), "1");
    EXPECT_EQ(value("http_zero_blocks_read"), "1");
}

TEST_F(StatsTest, WritesCountBlocksAndZeros) {
    bucket().set(key(1), block(1));
    world().write(0, block(0));
    world().write(kBlock, zeros(kBlock));
    world().flush();
    EXPECT_EQ(value("http_normal_blocks_written"), "1");
    EXPECT_EQ(value("http_zero_blocks_written"), "1");
    EXPECT_EQ(value("block_cache_write_misses"), "2");
}

TEST_F(StatsTest, AResetZeroesCountersButNotSizes) {
    bucket().set(key(0), block(0));
    world().read(0, kBlock);
    world().volume().reset_stats();
    EXPECT_EQ(value("block_cache_read_misses"), "0");
    EXPECT_EQ(value("block_cache_current_size"), "1 blocks");
}

TEST_F(StatsTest, WhatIsInFlightAndTheAgeOfTheOldestWriteAreTold) {
    cache().write_delay = seconds(1);
    EXPECT_EQ(value("oldest_dirty_age"), "0.000 sec");
    bucket().hold(Verb::Put, key(0));
    world().write(0, block(0));
    world().loop.run_for(milliseconds(500));
    EXPECT_EQ(value("oldest_dirty_age"), "0.500 sec");
    EXPECT_EQ(value("http_writes_in_flight"), "0");
    world().write(kBlock, block(1));
    world().loop.run_for(milliseconds(750));
    EXPECT_EQ(value("oldest_dirty_age"), "1.250 sec");
    EXPECT_EQ(value("http_writes_in_flight"), "1");
    bucket().release(Verb::Put, key(0));
    idle();
    EXPECT_EQ(value("oldest_dirty_age"), "0.750 sec");
    world().flush();
    EXPECT_EQ(value("oldest_dirty_age"), "0.000 sec");
    EXPECT_EQ(value("http_reads_in_flight"), "0");
    EXPECT_EQ(value("http_lists_in_flight"), "0");
}

TEST_F(StatsTest, BlocksReadAheadAreCountedAndThoseThatWereOfNoUse) {
    cache().read_ahead = 4;
    for (uint32_t n = 0; n < 64; ++n) bucket().set(key(n), block(n));
    world().read(20 * kBlock, 2 * kBlock);
    idle();
    EXPECT_EQ(value("read_ahead_blocks"), "4");
    EXPECT_EQ(value("read_ahead_unused_blocks"), "0");
    world().read(22 * kBlock, kBlock);
    for (uint64_t n = 28; n < 64; n += 2) world().read(n * kBlock, kBlock);
    EXPECT_EQ(value("read_ahead_blocks"), "5");
    EXPECT_EQ(value("read_ahead_unused_blocks"), "4");
    world().volume().reset_stats();
    EXPECT_EQ(value("read_ahead_blocks"), "0");
    EXPECT_EQ(value("read_ahead_unused_blocks"), "0");
}

TEST_F(StatsTest, WithTheProtectionThereAreLinesAboutWrittenBlocks) {
    ConsistencySettings& consistency = settings().consistency;
    consistency.on = true;
    consistency.keep = seconds(10);
    consistency.min_write_delay = seconds(1);
    consistency.capacity = BlockCount(2);
    cache().write_delay = Duration::zero();
    world().write(0, block(0));
    world().write(0, block(1));                // is held for a second
    world().write(kBlock, zeros(kBlock));      // takes the other place
    world().write(2 * kBlock, block(2));       // waits for ten seconds
    world().loop.run_for(milliseconds(1500));  // and the first block is rewritten at 1000 ms
    world().read(kBlock, kBlock);
    EXPECT_EQ(value("md5_cache_current_size"), "2 blocks");
    EXPECT_EQ(value("md5_cache_data_hits"), "1");
    EXPECT_EQ(value("md5_cache_write_delays"), "1.000 sec");
    world().flush();
    EXPECT_EQ(value("md5_cache_full_delays"), "10.000 sec");
    world().volume().reset_stats();
    EXPECT_EQ(value("md5_cache_data_hits"), "0");
    EXPECT_EQ(value("md5_cache_full_delays"), "0.000 sec");
    EXPECT_EQ(value("md5_cache_write_delays"), "0.000 sec");
}

TEST_F(StatsTest, WithoutTheProtectionThereAreNoLinesAboutIt) {
    EXPECT_EQ(value("md5_cache_current_size"), "?");
    EXPECT_EQ(value("md5_cache_write_delays"), "?");
}

TEST_F(StatsTest, WithoutACacheThereAreNoLinesAboutIt) {
    cache().size = 0;
    EXPECT_EQ(value("block_cache_read_hits"), "?");
    EXPECT_EQ(value("read_ahead_blocks"), "?");
    EXPECT_EQ(value("http_gets"), "0");
}

}  // namespace
}  // namespace s3b
