// SPDX-License-Identifier: Apache-2.0
#include "cache/zero_map.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

TEST(ZeroMap, KnowsNothingAtFirst) {
    const ZeroMap map(BlockCount(130));
    for (uint32_t i = 0; i < 130; ++i) EXPECT_FALSE(map.known_zero(BlockNumber(i)));
    EXPECT_EQ(map.size(), 0U);
}

TEST(ZeroMap, KeepsNeighboursApart) {
    ZeroMap map(BlockCount(130));
    for (const uint32_t i : {0U, 63U, 64U, 129U}) map.set_zero(BlockNumber(i));
    for (uint32_t i = 0; i < 130; ++i) {
        EXPECT_EQ(map.known_zero(BlockNumber(i)), i == 0 || i == 63 || i == 64 || i == 129) << i;
    }
}

TEST(ZeroMap, CountsEachBlockOnce) {
    ZeroMap map(BlockCount(10));
    map.set_zero(BlockNumber(3));
    map.set_zero(BlockNumber(3));
    EXPECT_EQ(map.size(), 1U);
    map.set_unknown(BlockNumber(4));
    EXPECT_EQ(map.size(), 1U);
    map.set_unknown(BlockNumber(3));
    map.set_unknown(BlockNumber(3));
    EXPECT_EQ(map.size(), 0U);
}

TEST(ZeroMap, RemembersWhichObjectsThereAre) {
    const BlockNumber block(3);
    ZeroMap map(BlockCount(10));
    EXPECT_FALSE(map.known_present(block));
    map.set_present(block);
    EXPECT_TRUE(map.known_present(block));
    EXPECT_FALSE(map.known_zero(block));
    map.set_unknown(block);  // something is sent that may remove it
    EXPECT_FALSE(map.known_present(block));
    map.set_present(block);
    map.set_zero(block);
    EXPECT_FALSE(map.known_present(block));
}

TEST(ZeroMap, WhatASurveyFindsIsPresentUnlessItIsGoneSince) {
    ZeroMap map(BlockCount(10));
    map.set_zero(BlockNumber(4));
    map.begin_survey();
    map.note_object(BlockNumber(3));
    map.note_object(BlockNumber(4));  // listed before it was removed
    EXPECT_TRUE(map.known_present(BlockNumber(3)));
    EXPECT_FALSE(map.known_present(BlockNumber(4)));
    map.abandon_survey();
    EXPECT_TRUE(map.known_present(BlockNumber(3)));
}

TEST(ZeroMap, HoldsTheLargestVolume) {
    ZeroMap map(BlockCount(uint64_t{1} << 32));
    const BlockNumber last(0xFFFFFFFF);
    map.set_zero(last);
    EXPECT_TRUE(map.known_zero(last));
    EXPECT_FALSE(map.known_zero(BlockNumber(0xFFFFFFFE)));
}

TEST(ZeroMap, AfterASurveyKnowsAllThatWasNotFound) {
    ZeroMap map(BlockCount(130));
    map.set_zero(BlockNumber(3));
    map.begin_survey();
    map.note_object(BlockNumber(5));
    map.note_object(BlockNumber(129));
    EXPECT_FALSE(map.known_zero(BlockNumber(4)));  // not before it is over
    EXPECT_EQ(map.size(), 1U);
    map.finish_survey();
    for (uint32_t i = 0; i < 130; ++i)
        EXPECT_EQ(map.known_zero(BlockNumber(i)), i != 5 && i != 129);
    EXPECT_EQ(map.size(), 128U);
}

TEST(ZeroMap, WhatMayHaveBeenStoredDuringASurveyIsNotTakenForZero) {
    ZeroMap map(BlockCount(130));
    map.set_zero(BlockNumber(3));
    map.begin_survey();
    map.set_unknown(BlockNumber(3));
    map.set_unknown(BlockNumber(4));
    map.finish_survey();
    EXPECT_FALSE(map.known_zero(BlockNumber(3)));
    EXPECT_FALSE(map.known_zero(BlockNumber(4)));
    map.set_unknown(BlockNumber(6));
    EXPECT_FALSE(map.known_zero(BlockNumber(6)));
    map.set_zero(BlockNumber(4));
    EXPECT_TRUE(map.known_zero(BlockNumber(4)));
    EXPECT_EQ(map.size(), 128U);
}

TEST(ZeroMap, KnowsNothingFromASurveyThatWasAbandoned) {
    ZeroMap map(BlockCount(130));
    map.set_zero(BlockNumber(3));
    for (int round = 0; round < 2; ++round) {
        map.begin_survey();
        map.note_object(BlockNumber(3));  // listed before it was deleted
        map.abandon_survey();
        for (uint32_t i = 0; i < 130; ++i) EXPECT_EQ(map.known_zero(BlockNumber(i)), i == 3);
        EXPECT_EQ(map.size(), 1U);
    }
}

/// The state of one block that a survey may meet.
struct Surveyed {
    bool zero = false;    // seen, or known from the survey
    bool object = false;  // noted
};

TEST(ZeroMap, CountsRightlyDuringAndAfterASurvey) {
    Random random(4);
    ZeroMap map(BlockCount(100));
    std::array<Surveyed, 100> expected;
    bool finished = false;
    map.begin_survey();
    for (int step = 0; step < 20'000; ++step) {
        const uint32_t i = random.below(100);
        const BlockNumber block(i);
        switch (random.below(3)) {
            case 0:
                map.set_zero(block);
                expected[i].zero = true;
                break;
            case 1:
                map.set_unknown(block);
                expected[i] = {.zero = false, .object = true};
                break;
            default:
                if (finished) break;
                map.note_object(block);
                expected[i].object = true;
                break;
        }
        if (step == 200) {
            map.finish_survey();
            finished = true;
        }
        uint64_t zeros = 0;
        for (const Surveyed& one : expected) zeros += one.zero || (finished && !one.object) ? 1 : 0;
        ASSERT_EQ(map.size(), zeros) << step;
        ASSERT_EQ(map.known_zero(block), expected[i].zero || (finished && !expected[i].object));
    }
}

TEST(ZeroMap, AgreesWithASet) {
    Random random(3);
    ZeroMap map(BlockCount(200));
    std::set<uint32_t> expected;
    for (int step = 0; step < 20'000; ++step) {
        const uint32_t i = random.below(200);
        if (random.one_in(2)) {
            map.set_zero(BlockNumber(i));
            expected.insert(i);
        } else {
            map.set_unknown(BlockNumber(i));
            expected.erase(i);
        }
        const uint32_t other = random.below(200);
        ASSERT_EQ(map.known_zero(BlockNumber(other)), expected.contains(other));
        ASSERT_EQ(map.size(), expected.size());
    }
}

}  // namespace
}  // namespace s3b::cache
