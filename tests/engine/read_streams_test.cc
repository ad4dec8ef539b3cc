// SPDX-License-Identifier: Apache-2.0
#include "engine/read_streams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace s3b {
namespace {

using Answer = ReadStreams::Answer;
using Numbers = std::vector<uint32_t>;

class ReadStreamsTest : public ::testing::Test {
protected:
    /// Four blocks ahead of each stream of a volume of 100,000; change them before the first read.
    ReadStreamsTest() {
        settings_.blocks = BlockCount(100'000);
        settings_.window = 4;
    }
    ReadStreams& streams() {
        if (!streams_) streams_.emplace(settings_);
        return *streams_;
    }
    void adapt(uint32_t bound) {
        settings_.window.reset();
        settings_.bound = bound;
    }
    void read(uint32_t block, Answer answer = Answer::AtHand) {
        streams().note_read(BlockNumber(block), answer);
    }
    void read_all(const Numbers& blocks) {
        for (const uint32_t block : blocks) read(block);
    }
    /// Reads `count` blocks from `first` on, and has everything claimed after each.
    void stream(uint32_t first, uint32_t count, Answer answer = Answer::AtHand) {
        for (uint32_t i = 0; i < count; ++i) {
            read(first + i, answer);
            claims();
        }
    }
    /// All that is wanted, in order.
    Numbers claims() {
        Numbers blocks;
        while (const auto claim = streams().claim()) blocks.push_back(claim->block.value);
        EXPECT_FALSE(streams().wants());
        return blocks;
    }

    ReadStreams::Settings settings_;
    std::optional<ReadStreams> streams_;
};

TEST_F(ReadStreamsTest, TheTriggeringReadMakesTheWholeWindowWanted) {
    read(50);
    EXPECT_EQ(claims(), Numbers());
    read(51);
    EXPECT_EQ(claims(), (Numbers{52, 53, 54, 55}));
    read(52);
    EXPECT_EQ(claims(), Numbers{56});
}

TEST_F(ReadStreamsTest, AStreamThatBeginsWithBlock0IsFoundAsSoon) {
    read_all({0, 1});
    EXPECT_EQ(claims(), (Numbers{2, 3, 4, 5}));
}

TEST_F(ReadStreamsTest, TheTriggerSaysHowManyReadsAreNeeded) {
    settings_.trigger = 5;
    read_all({7, 8, 9, 10});
    EXPECT_EQ(claims(), Numbers());
    read(11);
    EXPECT_EQ(claims().size(), 4U);
}

TEST_F(ReadStreamsTest, WithATriggerOf0Or1TheFirstReadIsEnoughAndNoneIsNot) {
    for (const uint32_t trigger : {0U, 1U}) {
        settings_.trigger = trigger;
        streams_.reset();
        EXPECT_EQ(claims(), Numbers());
        read(7);
        EXPECT_EQ(claims(), (Numbers{8, 9, 10, 11}));
    }
}

TEST_F(ReadStreamsTest, WithAWindowOf0NothingIsWanted) {
    settings_.window = 0;
    read_all({1, 2, 3, 4});
    EXPECT_EQ(claims(), Numbers());
}

TEST_F(ReadStreamsTest, RandomReadsMakeNoStream) {
    for (uint32_t i = 0; i < 1000; ++i) read(i * 7919 % 100'000);
    EXPECT_EQ(claims(), Numbers());
}

TEST_F(ReadStreamsTest, TheSameBlockAgainChangesNothing) {
    read_all({50, 50, 50});
    EXPECT_EQ(claims(), Numbers());
    read_all({51, 51});
    EXPECT_EQ(claims(), (Numbers{52, 53, 54, 55}));
    read(51);
    EXPECT_EQ(claims(), Numbers());
    read(52);
    EXPECT_EQ(claims(), Numbers{56});
}

TEST_F(ReadStreamsTest, BackwardReadsAreAStreamToo) {
    read_all({50, 49});
    EXPECT_EQ(claims(), (Numbers{48, 47, 46, 45}));
    read(48);
    EXPECT_EQ(claims(), Numbers{44});
}

TEST_F(ReadStreamsTest, AfterAStepBackAForwardStreamIsNotContinued) {
    read_all({50, 51, 52});
    claims();
    read(51);
    EXPECT_EQ(claims(), Numbers());
    read(53);
    EXPECT_EQ(claims(), Numbers{57});
}

TEST_F(ReadStreamsTest, NothingBeyondTheEndsOfTheVolumeIsWanted) {
    settings_.blocks = BlockCount(100);
    read_all({96, 97});
    EXPECT_EQ(claims(), (Numbers{98, 99}));
    read_all({98, 99});
    EXPECT_EQ(claims(), Numbers());
    read_all({3, 2});
    EXPECT_EQ(claims(), (Numbers{1, 0}));
    read_all({1, 0});
    EXPECT_EQ(claims(), Numbers());
}

TEST_F(ReadStreamsTest, TheLastOfAllBlockNumbersIsAnEnd) {
    settings_.blocks = BlockCount(uint64_t{1} << 32);
    read_all({0xFFFFFFFC, 0xFFFFFFFD});
    EXPECT_EQ(claims(), (Numbers{0xFFFFFFFE, 0xFFFFFFFF}));
    read_all({0xFFFFFFFE, 0xFFFFFFFF, 0});
    EXPECT_EQ(claims(), Numbers());
}

TEST_F(ReadStreamsTest, ASkipWithinTheWindowGoesOn) {
    read_all({50, 51});
    claims();
    read(54);
    EXPECT_EQ(claims(), (Numbers{56, 57, 58}));
}

TEST_F(ReadStreamsTest, ASkipBeyondTheWindowBeginsAnew) {
    read_all({50, 51});
    claims();
    read(56);
    EXPECT_EQ(claims(), Numbers());
    read(57);
    EXPECT_EQ(claims(), (Numbers{58, 59, 60, 61}));
}

TEST_F(ReadStreamsTest, SixtyFourStreamsAtOnceAreFoundBesideRandomReads) {
    constexpr uint32_t kStreams = 64;
    for (uint32_t step = 0; step < 20; ++step) {
        for (uint32_t i = 0; i < kStreams; ++i) {
            read(i * 1000 + step);
            if (step > 0) {
                const uint32_t newest = i * 1000 + step + 4;
                EXPECT_EQ(claims(), step > 1
                                        ? Numbers{newest}
                                        : (Numbers{newest - 3, newest - 2, newest - 1, newest}));
            }
            if (i % 2 == 0) read(70'000 + (step * kStreams + i) * 16);
        }
    }
}

TEST_F(ReadStreamsTest, OneMoreStreamThanAreRememberedTakesThePlaceOfTheOldest) {
    constexpr uint32_t kMost = ReadStreams::kMaxStreams;
    for (uint32_t i = 0; i <= kMost; ++i) read_all({i * 100, i * 100 + 1});
    claims();
    read(2);  // of the oldest one
    EXPECT_EQ(claims(), Numbers());
    for (uint32_t i = 2; i <= kMost; ++i) {
        read(i * 100 + 2);
        EXPECT_EQ(claims(), Numbers{i * 100 + 6}) << i;
    }
}

TEST_F(ReadStreamsTest, StreamsTakeTurnsAndTheNearestBlocksComeFirst) {
    read_all({100, 200, 300, 299, 101, 201});
    EXPECT_EQ(claims(), (Numbers{298, 102, 202, 297, 103, 203, 296, 104, 204, 295, 105, 205}));
}

TEST_F(ReadStreamsTest, AClaimGivenBackIsMadeAgain) {
    read_all({50, 51});
    const auto claim = streams().claim();
    ASSERT_TRUE(claim);
    streams().give_back(*claim);
    EXPECT_EQ(claims(), (Numbers{52, 53, 54, 55}));
}

TEST_F(ReadStreamsTest, AGivenWindowIsKeptWhateverHappens) {
    stream(10, 50, Answer::Joined);
    streams().note_unused(BlockNumber(60));
    read(60, Answer::Missed);
    EXPECT_EQ(claims(), Numbers{64});
}

TEST_F(ReadStreamsTest, AWindowThatAdaptsBeginsWithFourBlocks) {
    adapt(1000);
    read_all({50, 51});
    EXPECT_EQ(claims(), (Numbers{52, 53, 54, 55}));
}

TEST_F(ReadStreamsTest, AReadThatWaitsForAClaimedBlockDoublesTheWindowOnceAWindow) {
    adapt(63);
    stream(50, 5);  // to 54; the window was opened at 51
    read(55, Answer::Joined);
    EXPECT_EQ(claims(), (Numbers{59, 60, 61, 62, 63}));
    read(56, Answer::Joined);
    EXPECT_EQ(claims(), Numbers{64});
    stream(57, 6);
    read(63, Answer::Joined);
    EXPECT_EQ(claims().size(), 9U);
}

TEST_F(ReadStreamsTest, RequestsOfMoreBlocksThanTheWindowHasDoubleIt) {
    adapt(63);
    constexpr uint32_t kRequest = 32;
    for (uint32_t request = 0; request < 6; ++request) {
        for (uint32_t i = 0; i < kRequest; ++i) {
            const bool fetched = request > 0 && i < std::min(2U << request, kRequest);
            read(request * kRequest + i, fetched ? Answer::AtHand : Answer::Missed);
        }
        EXPECT_EQ(claims().size(), std::min(4U << request, kRequest)) << request;
    }
}

TEST_F(ReadStreamsTest, ASingleLongRequestIsNoReasonToGrow) {
    adapt(1000);
    for (uint32_t i = 0; i < 100; ++i) read(i, Answer::Missed);
    EXPECT_EQ(claims(), (Numbers{100, 101, 102, 103}));
}

TEST_F(ReadStreamsTest, AStreamForWhichNoBlockWasLeftGrowsWhenThereIsRoom) {
    adapt(1);
    stream(0, 5);
    stream(1000, 10, Answer::Missed);
    EXPECT_EQ(claims(), Numbers());
    stream(1010, ReadStreams::kIdleReads, Answer::Missed);
    read(1010 + ReadStreams::kIdleReads, Answer::Missed);
    EXPECT_EQ(claims().size(), 1U);
}

TEST_F(ReadStreamsTest, AMissOfABlockThatWasClaimedIsNoReasonToGrow) {
    adapt(63);
    stream(50, 20, Answer::Missed);
    read(70);
    EXPECT_EQ(claims(), Numbers{74});
}

TEST_F(ReadStreamsTest, BlocksThatLeaveTheCacheUnreadHalveTheWindowOnce) {
    adapt(63);
    stream(0, 40, Answer::Joined);  // 32 blocks ahead of 39
    for (uint32_t block = 40; block < 71; ++block) streams().note_unused(BlockNumber(block));
    stream(40, 15);
    read(55);
    EXPECT_EQ(claims(), Numbers());
    read(56);
    EXPECT_EQ(claims(), Numbers{72});
}

TEST_F(ReadStreamsTest, BlocksBehindAStreamAndThoseOfNoneDoNotShrinkIt) {
    adapt(1000);
    stream(0, 10);
    for (const uint32_t block : {3U, 9U, 14U, 500U}) streams().note_unused(BlockNumber(block));
    read(10);
    EXPECT_EQ(claims(), Numbers{14});
}

TEST_F(ReadStreamsTest, AllWindowsTogetherKeepToTheBound) {
    adapt(24);
    stream(0, 200, Answer::Joined);
    stream(1000, 200, Answer::Joined);
    Numbers last;
    for (uint32_t step = 200; step < 400; ++step) {
        read(step, Answer::Joined);
        read(1000 + step, Answer::Joined);
        const Numbers newest = claims();
        if (!newest.empty()) last = newest;
    }
    EXPECT_EQ(last, (Numbers{399 + 12, 1399 + 12}));
}

TEST_F(ReadStreamsTest, AStreamThatIsNotReadAnyMoreLeavesItsWindowToOthers) {
    adapt(16);
    stream(0, 100, Answer::Joined);
    stream(5000, ReadStreams::kIdleReads + 100, Answer::Joined);
    read(5000 + ReadStreams::kIdleReads + 100);
    EXPECT_EQ(claims(), Numbers{5000 + ReadStreams::kIdleReads + 116});
    read(100);  // within what it had claimed
    EXPECT_EQ(claims(), Numbers());
    stream(101, 12);
    read(113);
    EXPECT_EQ(claims().size(), 1U);
}

}  // namespace
}  // namespace s3b
