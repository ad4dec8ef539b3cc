// SPDX-License-Identifier: Apache-2.0
#include "engine/read_ahead.h"

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class ReadAheadTest : public VolumeTest {
protected:
    /// A volume and a cache of so many blocks, with windows that adapt.
    void adapt(uint32_t blocks, uint32_t cached) {
        settings().geometry.blocks = BlockCount(blocks);
        cache().size = cached;
        cache().read_ahead.reset();
    }
    void store(uint32_t begin, uint32_t end) {
        for (uint32_t n = begin; n < end; ++n) bucket().set(key(n), block(n));
    }
    SimRequest& read(uint64_t n) { return world().read(n * kBlock, kBlock); }
    void read_all(uint64_t begin, uint64_t end) {
        for (uint64_t n = begin; n < end; ++n) EXPECT_TRUE(read(n).ok()) << n;
    }
    /// How long a read of block `n` takes.
    Duration time_of(uint64_t n) {
        const Instant before = world().loop.now();
        EXPECT_EQ(read(n).bytes, block(static_cast<uint32_t>(n)));
        return world().loop.now() - before;
    }
    int gets() { return bucket().total(Verb::Get); }
};

TEST_F(ReadAheadTest, TheWholeWindowStartsWithTheTriggeringRead) {
    cache().read_ahead = 4;
    bucket().hold(Verb::Get, "");
    world().start_read(50 * kBlock, kBlock);
    idle();
    EXPECT_EQ(bucket().held(), 1);
    world().start_read(51 * kBlock, kBlock);
    idle();
    EXPECT_EQ(bucket().held(), 6);
    for (uint32_t n = 50; n < 56; ++n) EXPECT_EQ(bucket().get_count(key(n)), 1) << n;
    bucket().release(Verb::Get, "");
}

TEST_F(ReadAheadTest, BackwardReadsAreReadAheadToo) {
    cache().read_ahead = 4;
    read(40);
    read(39);
    idle();
    EXPECT_EQ(gets(), 6);
    for (uint32_t n = 35; n < 41; ++n) EXPECT_EQ(bucket().get_count(key(n)), 1) << n;
}

TEST_F(ReadAheadTest, RandomReadsStartNone) {
    cache().read_ahead = 4;
    for (const uint64_t n : {3U, 30U, 9U, 50U, 12U}) read(n);
    EXPECT_EQ(gets(), 5);
}

TEST_F(ReadAheadTest, NothingBeyondTheEndIsFetched) {
    cache().read_ahead = 8;
    read_all(60, 64);
    EXPECT_EQ(gets(), 4);
}

TEST_F(ReadAheadTest, WithoutACacheThereIsNone) {
    cache().size = 0;
    cache().read_ahead = 4;
    read_all(10, 14);
    EXPECT_EQ(gets(), 4);
}

TEST_F(ReadAheadTest, BlocksReadAheadAreNotFetchedAgain) {
    cache().read_ahead = 4;
    read_all(20, 40);
    for (uint32_t n = 20; n < 40; ++n) EXPECT_EQ(bucket().get_count(key(n)), 1) << n;
}

TEST_F(ReadAheadTest, AFailedFetchIsLeftToTheReadThatWantsTheBlock) {
    cache().read_ahead = 4;
    store(0, 64);
    bucket().fail_next(Verb::Get, key(53), Errc::ServerError);
    read_all(50, 54);
    EXPECT_EQ(bucket().get_count(key(53)), 2);
}

TEST_F(ReadAheadTest, HasAsManyPlacesAsTheGivenWindowHasBlocks) {
    CacheConfig config;
    EXPECT_EQ(ReadAhead::places(config), 256U);
    config.read_ahead = 0;
    EXPECT_EQ(ReadAhead::places(config), 1U);
    config.read_ahead = 7;
    EXPECT_EQ(ReadAhead::places(config), 7U);
    config.read_ahead = 257;
    EXPECT_EQ(ReadAhead::places(config), 256U);
    config.size = 0;
    EXPECT_EQ(ReadAhead::places(config), 1U);
}

TEST_F(ReadAheadTest, AllStreamsTogetherKeepToThePlaces) {
    cache().read_ahead = 3;
    bucket().hold(Verb::Get, "");
    for (const uint64_t n : {10U, 30U, 50U}) world().start_read(n * kBlock, 2 * kBlock);
    idle();
    EXPECT_EQ(bucket().held(), 6 + 3);
    bucket().release(Verb::Get, "");
    idle();
    EXPECT_EQ(gets(), 6 + 9);  // as places become free, the others have their turn
}

TEST_F(ReadAheadTest, ALargeWindowIsStartedInPortions) {
    adapt(1000, 1000);
    cache().read_ahead = 200;
    bucket().hold(Verb::Get, "");
    world().start_read(0, 2 * kBlock);
    EXPECT_EQ(bucket().held(), 2 + static_cast<int>(ReadAhead::kStartsAtOnce));
    idle();
    EXPECT_EQ(bucket().held(), 2 + 200);
    bucket().release(Verb::Get, "");
}

TEST_F(ReadAheadTest, SixtyFourInterleavedReadersAreAllReadAhead) {
    constexpr uint32_t kReaders = 64;
    adapt(kReaders * 100, 4096);
    for (uint64_t step = 0; step < 3; ++step) {
        for (uint64_t i = 0; i < kReaders; ++i) read(i * 100 + step);
    }
    idle();
    for (uint32_t i = 0; i < kReaders; ++i) {
        for (uint32_t n = 0; n < 7; ++n) EXPECT_EQ(bucket().get_count(key(i * 100 + n)), 1) << i;
    }
    EXPECT_EQ(gets(), static_cast<int>(kReaders) * 7);
}

TEST_F(ReadAheadTest, TheWindowGrowsUntilAReaderAtItsOwnPaceNeedNotWait) {
    adapt(1000, 256);
    store(0, 400);
    bucket().set_delay(milliseconds(20));
    int waits_at_first = 0;
    int waits_in_the_end = 0;
    for (uint32_t n = 0; n < 400; ++n) {
        if (time_of(n) > Duration::zero()) ++(n < 100 ? waits_at_first : waits_in_the_end);
        world().loop.run_for(milliseconds(1));
    }
    EXPECT_GT(waits_at_first, 2);
    EXPECT_EQ(waits_in_the_end, 0);
    EXPECT_EQ(bucket().get_count(key(399 + 32)), 1);  // the first that is enough: 4, 16, 32
    EXPECT_EQ(bucket().get_count(key(399 + 33)), 0);
}

TEST_F(ReadAheadTest, AGivenWindowDoesNotGrow) {
    adapt(1000, 1000);
    cache().read_ahead = 4;
    store(0, 100);
    bucket().set_delay(milliseconds(20));
    read_all(0, 100);
    EXPECT_EQ(bucket().get_count(key(103)), 1);
    EXPECT_EQ(bucket().get_count(key(104)), 0);
}

TEST_F(ReadAheadTest, ReadAheadMaxBoundsTheWindow) {
    adapt(1000, 1000);
    cache().read_ahead_max = ByteCount(11 * kBlock + 1);
    store(0, 300);
    bucket().set_delay(milliseconds(20));
    read_all(0, 200);
    EXPECT_EQ(bucket().get_count(key(199 + 11)), 1);
    EXPECT_EQ(bucket().get_count(key(199 + 12)), 0);
}

TEST_F(ReadAheadTest, HalfOfTheCacheBoundsTheWindow) {
    adapt(1000, 20);
    store(0, 300);
    bucket().set_delay(milliseconds(20));
    read_all(0, 200);
    EXPECT_EQ(bucket().get_count(key(199 + 10)), 1);
    EXPECT_EQ(bucket().get_count(key(199 + 11)), 0);
    for (uint32_t n = 0; n < 200; ++n) EXPECT_EQ(bucket().get_count(key(n)), 1) << n;
}

TEST_F(ReadAheadTest, BlocksEvictedUnreadHalveTheWindow) {
    adapt(1000, 64);
    store(0, 1000);
    bucket().set_delay(milliseconds(20));
    read_all(0, 100);
    EXPECT_EQ(bucket().get_count(key(99 + 32)), 1);
    world().loop.run_for(seconds(1));
    bucket().set_delay(Duration::zero());
    for (uint64_t n = 0; n < 64; ++n) read(300 + 10 * n);
    for (uint64_t n = 100; n < 140; ++n) {
        read(n);
        idle();  // what was started for the next ones comes before they are read
    }
    EXPECT_EQ(bucket().get_count(key(100)), 2);
    EXPECT_EQ(bucket().get_count(key(139 + 16)), 1);
    EXPECT_EQ(bucket().get_count(key(139 + 17)), 0);
}

TEST_F(ReadAheadTest, KnownZerosCostNoGetAndDoNotEndAStream) {
    cache().read_ahead = 4;
    bucket().set(key(10), block(10));
    world().start_survey(1);
    idle();
    read_all(0, 6);
    EXPECT_EQ(gets(), 0);
    read(6);
    idle();
    EXPECT_EQ(gets(), 1);
    EXPECT_EQ(bucket().get_count(key(10)), 1);
}

TEST_F(ReadAheadTest, CachedBlocksAreNotFetchedAgain) {
    cache().read_ahead = 4;
    for (const uint64_t n : {24U, 22U}) read(n);
    read(20);
    read(21);
    idle();
    for (uint32_t n = 20; n < 26; ++n) EXPECT_EQ(bucket().get_count(key(n)), 1) << n;
}

TEST_F(ReadAheadTest, NothingIsReadAheadWhileClientsWaitForRoom) {
    cache().read_ahead = 4;
    cache().max_dirty = 1;
    bucket().hold(Verb::Put, "");
    world().write(0, block(0));
    SimRequest& waiting = world().start_write(kBlock, block(1));
    read(20);
    read(21);
    idle();
    EXPECT_EQ(gets(), 2);
    bucket().release(Verb::Put, "");
    world().finish(waiting);
    read(22);
    idle();
    EXPECT_EQ(gets(), 7);
}

}  // namespace
}  // namespace s3b
