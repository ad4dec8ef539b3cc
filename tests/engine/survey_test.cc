// SPDX-License-Identifier: Apache-2.0
// Surveys of whole volumes in the simulated world.
#include "engine/survey.h"

#include <gtest/gtest.h>

#include "tests/sim/sim_world.h"

namespace s3b {
namespace {

using Verb = net::FakeBucket::Verb;
using std::chrono::milliseconds;
constexpr uint64_t kBlock = 64;

class SurveyTest : public ::testing::Test {
protected:
    SurveyTest() {
        for (const uint32_t block : {0U, 7U, 99U}) {
            world_.bucket.set(SimWorld::key(block), bytes(0x11));
        }
        world_.bucket.set_delay(milliseconds(10));
    }
    static std::vector<std::byte> bytes(uint8_t value) {
        return std::vector<std::byte>(kBlock, std::byte(value));
    }
    /// The first byte of a block, as a read shows it.
    uint8_t read(uint32_t block) {
        return static_cast<uint8_t>(world_.read(block * kBlock, kBlock).bytes.front());
    }
    int gets() const { return world_.bucket.total(Verb::Get); }
    /// The value of the statistics line `label`.
    std::string stat(const std::string& label) {
        const std::string text = world_.volume().stats_text();
        const size_t line = text.find(label + " ");
        if (line == std::string::npos) return "";
        return text.substr(line + 29, text.find('\n', line) - line - 29);
    }

    SimWorld world_{sim_settings(kBlock, 100, 4)};
};

TEST_F(SurveyTest, WhatWasNotListedIsReadAndZeroedWithoutARequest) {
    world_.start_survey(4);
    world_.loop.run_for(milliseconds(50));
    EXPECT_EQ(stat("zero_block_cache_size"), "97 blocks");
    EXPECT_EQ(read(1), 0);
    EXPECT_TRUE(world_.start_zero(5 * kBlock, kBlock).ok());
    world_.flush();
    EXPECT_EQ(gets(), 0);
    EXPECT_EQ(world_.bucket.total(Verb::Remove), 0);
    EXPECT_EQ(read(0), 0x11);
    EXPECT_EQ(read(7), 0x11);
    EXPECT_EQ(read(99), 0x11);
    EXPECT_EQ(gets(), 3);
}

TEST_F(SurveyTest, NothingIsKnownBeforeItsEndNorAfterAFailure) {
    world_.bucket.fail_next(Verb::List, "", Errc::Forbidden);
    world_.start_survey(4);
    EXPECT_EQ(read(1), 0);
    world_.loop.run_for(milliseconds(50));
    EXPECT_EQ(read(50), 0);
    EXPECT_EQ(gets(), 2);
    EXPECT_EQ(stat("zero_block_cache_size"), "2 blocks");
}

TEST_F(SurveyTest, WhatIsStoredBehindItsBackIsKept) {
    world_.start_survey(1);
    world_.loop.run_for(milliseconds(6));  // the store has looked, the page is on its way
    world_.write(3 * kBlock, bytes(0x33));
    world_.flush();
    world_.loop.run_for(milliseconds(50));
    for (const uint32_t block : {7U, 0U, 99U, 7U}) read(block);
    for (uint32_t block = 10; block < 14; ++block) world_.write(block * kBlock, bytes(0x44));
    world_.flush();
    EXPECT_EQ(read(3), 0x33);
    EXPECT_EQ(world_.bucket.get_count(SimWorld::key(3)), 1);  // it had left the cache
}

TEST_F(SurveyTest, TheEndOfTheVolumeEndsIt) {
    world_.bucket.set_page_limit(1);
    world_.start_survey(1);
    world_.loop.run_for(milliseconds(5));
    world_.drain();
    EXPECT_EQ(world_.bucket.total(Verb::List), 1);
    EXPECT_EQ(stat("zero_block_cache_size"), "0 blocks");
}

TEST_F(SurveyTest, ReadsDoNotWaitForIt) {
    world_.bucket.hold(Verb::List, "");
    world_.start_survey(4);
    world_.loop.run_for(milliseconds(1));
    EXPECT_EQ(world_.bucket.under_way(Verb::List), 4);
    EXPECT_EQ(read(0), 0x11);  // nothing waits for them
    world_.bucket.release(Verb::List, "");
}

}  // namespace
}  // namespace s3b
