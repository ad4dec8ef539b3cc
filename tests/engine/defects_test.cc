// SPDX-License-Identifier: Apache-2.0
// Defects of s3backer that this program is not to have, one test for each that no other test shows.
// Numbers are those of cache-and-consistency.md 8.1 and 8.2.
#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class DefectsTest : public VolumeTest {};

// 8.1 (11)
TEST_F(DefectsTest, PartsWrittenAtOnceToABlockThatIsKnownToBeZeroAllStand) {
    world().read(0, kBlock);
    std::vector<SimRequest*> writes;
    for (uint64_t part = 0; part < 8; ++part) {
        const int value = static_cast<int>(part) + 1;
        writes.push_back(&world().start_write(part * 512, bytes(512, value)));
    }
    for (SimRequest* write : writes) EXPECT_TRUE(world().finish(*write).ok());
    EXPECT_TRUE(world().flush().ok());
    for (uint64_t part = 0; part < 8; ++part) {
        EXPECT_EQ(stored(0)->at(part * 512), static_cast<std::byte>(part + 1));
        EXPECT_EQ(stored(0)->at(part * 512 + 511), static_cast<std::byte>(part + 1));
    }
}

// 8.1 (16)
TEST_F(DefectsTest, ABlockMayBecomeAnythingWhileReadersWaitForIt) {
    for (uint32_t n = 0; n < 3; ++n) bucket().set(key(n), block(n));
    bucket().hold(Verb::Get, "");
    std::vector<SimRequest*> reads;
    for (uint32_t n = 0; n < 3; ++n) {
        for (int i = 0; i < 4; ++i) reads.push_back(&world().start_read(n * kBlock, kBlock));
    }
    idle();
    world().finish(world().start_zero(0, kBlock));
    world().write(kBlock, block(7));
    world().write(2 * kBlock, bytes(100, 7));
    bucket().release(Verb::Get, "");
    for (SimRequest* read : reads) EXPECT_TRUE(world().finish(*read).ok());
    EXPECT_EQ(world().read(0, kBlock).bytes, zeros(kBlock));
    EXPECT_EQ(world().read(kBlock, kBlock).bytes, block(7));
    EXPECT_EQ(world().read(2 * kBlock, 100).bytes, bytes(100, 7));
}

// 8.2 (1)
TEST_F(DefectsTest, WhenTheStoreFailsForGoodSynchronousWritesAndFlushesSaySo) {
    cache().sync = true;
    cache().write_delay = Duration::zero();
    bucket().fail_next(Verb::Put, "", Errc::ServerError, 1000);
    EXPECT_TRUE(world().write(0, block(1)).failed());
    EXPECT_TRUE(world().flush().failed());
    EXPECT_EQ(world().read(0, kBlock).bytes, block(1));  // it is still to be stored
}

// 8.2 (2)
TEST_F(DefectsTest, ARefusedRequestIsNotRepeatedWithoutAPause) {
    cache().write_delay = Duration::zero();
    bucket().fail_next(Verb::Put, key(0), Errc::Forbidden, 1000);
    bucket().fail_next(Verb::Remove, key(1), Errc::Forbidden, 1000);
    bucket().set(key(1), block(1));
    world().write(0, block(1));
    world().write(kBlock, zeros(kBlock));
    world().loop.run_for(seconds(60));
    EXPECT_GT(bucket().put_count(key(0)), 3);
    EXPECT_LT(bucket().put_count(key(0)), 15);
    EXPECT_GT(bucket().remove_count(key(1)), 3);
    EXPECT_LT(bucket().remove_count(key(1)), 15);
}

// 8.2 (4)
TEST_F(DefectsTest, ACacheOfOneBlockLosesNoWakeUpOfManyReadersAndWriters) {
    cache().size = 1;
    cache().threads = 1;
    bucket().set_delay(milliseconds(3));
    for (uint32_t n = 0; n < 64; ++n) bucket().set(key(n), block(n));
    std::vector<SimRequest*> all;
    for (uint32_t n = 0; n < 64; ++n) {
        all.push_back(&world().start_read(n * kBlock, kBlock));
        all.push_back(&world().start_write(n * kBlock + 10, bytes(20, 9)));  // needs the rest
        all.push_back(&world().start_read((63 - n) * kBlock, 10));
    }
    all.push_back(&world().start_flush());
    for (SimRequest* one : all) EXPECT_TRUE(world().finish(*one).ok());
    world().flush();
    for (uint32_t n = 0; n < 64; ++n) {
        std::vector<std::byte> expected = block(n);
        std::fill_n(expected.begin() + 10, 20, std::byte{9});
        EXPECT_EQ(*stored(n), expected) << n;
    }
}

// 8.2 (5)
TEST_F(DefectsTest, TimeAloneDropsCleanBlocksAndWritesDirtyOnes) {
    cache().timeout = seconds(5);
    cache().write_delay = seconds(2);
    bucket().set(key(1), block(1));
    world().read(kBlock, kBlock);
    world().write(0, block(0));
    world().loop.run_for(seconds(3));
    EXPECT_EQ(*stored(0), block(0));
    world().loop.run_for(seconds(10));
    const std::string stats = world().volume().stats_text();
    EXPECT_NE(stats.find("block_cache_current_size     0 blocks"), std::string::npos) << stats;
}

/// Writers on a cache that is full of dirty blocks go on at the pace of the store.
TEST_F(DefectsTest, AFullCacheSlowsWritersDownSmoothly) {
    constexpr auto kRequest = milliseconds(20);
    constexpr uint32_t kThreads = 4;
    constexpr int kWriters = 3;
    settings().geometry.blocks = BlockCount(2000);
    cache().threads = kThreads;
    cache().write_delay = seconds(1);
    bucket().set_delay(kRequest);
    const Instant begin = world().loop.now();
    uint32_t next = 0;
    std::array<std::pair<SimRequest*, Instant>, kWriters> writers{};
    Duration longest{};
    while (next < 1000) {
        for (auto& [request, begun] : writers) {
            if (request != nullptr && !request->done) continue;
            if (request != nullptr) {
                EXPECT_TRUE(request->ok());
                longest = std::max<Duration>(longest, world().loop.now() - begun);
            }
            begun = world().loop.now();
            request = &world().start_write(next * kBlock, block(next));
            ++next;
        }
        world().loop.run_for(milliseconds(1));
    }
    // Each waits at most for those before it in the line, and one request more.
    EXPECT_LE(longest, kRequest * (1 + kWriters));
    EXPECT_GE(longest, Duration(milliseconds(1)));  // it did wait
    const Duration ideal = Duration(kRequest) * (1000 / kThreads);
    EXPECT_LE(world().loop.now() - begin, ideal + seconds(2));
}

}  // namespace
}  // namespace s3b
