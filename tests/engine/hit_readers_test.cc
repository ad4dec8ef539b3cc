// SPDX-License-Identifier: Apache-2.0
// Reads in threads beside the reactor: what they may answer, what the reactor hears of it, and that
// they see what was written before.
#include <array>
#include <atomic>
#include <cstring>
#include <thread>

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class HitReadersTest : public VolumeTest {
protected:
    HitReadersTest() { settings().hit_readers = 1; }
    /// One read beside the reactor; no bytes if it was refused.
    std::vector<std::byte> hit(uint64_t offset, size_t length = kBlock) {
        std::vector<std::byte> bytes(length);
        const bool done = world().volume().hit_reader(0)->read_hit(ByteOffset(offset), bytes);
        return done ? bytes : std::vector<std::byte>();
    }
    bool has(const std::string& line) {
        return world().volume().stats_text().find(line + '\n') != std::string::npos;
    }
    std::string value_of(const std::string& name) {
        const std::string text = world().volume().stats_text();
        const size_t at = text.find(name);
        return text.substr(at, text.find('\n', at) - at);
    }
};

TEST_F(HitReadersTest, ThereAreAsManyAsWanted) {
    EXPECT_NE(world().volume().hit_reader(0), nullptr);
    EXPECT_EQ(world().volume().hit_reader(1), nullptr);
}

TEST_F(HitReadersTest, WithoutACacheThereAreNone) {
    cache().size = 0;
    EXPECT_EQ(world().volume().hit_reader(0), nullptr);
}

TEST_F(HitReadersTest, DirtyAndCleanBlocksAreReadAndNothingElse) {
    EXPECT_TRUE(hit(0).empty());
    world().write(0, block(1));
    EXPECT_EQ(hit(0), block(1));
    world().flush();
    EXPECT_EQ(hit(0), block(1));
    EXPECT_TRUE(hit(kBlock).empty());
    EXPECT_TRUE(hit(kBlock / 2).empty());  // a part of the next block as well
    world().write(2 * kBlock + 512, bytes(512, 3));
    EXPECT_TRUE(hit(2 * kBlock + 512, 512).empty());  // the rest is not known
    world().start_zero(0, kBlock);
    EXPECT_TRUE(hit(0).empty());
}

TEST_F(HitReadersTest, TheReactorHearsOfHitsWhenItIsAsked) {
    world().write(0, block(1));
    const std::string before = value_of("block_cache_read_hits");
    EXPECT_EQ(hit(0), block(1));
    EXPECT_EQ(hit(0), block(1));
    EXPECT_NE(value_of("block_cache_read_hits"), before);
    EXPECT_EQ(world().volume().note_hits(), 2U);
    EXPECT_EQ(world().volume().note_hits(), 0U);
}

TEST_F(HitReadersTest, AHitIsAUseOfTheBlock) {
    for (uint32_t n = 0; n < 40; ++n) {
        bucket().set(key(n), block(n));
        world().read(n * kBlock, kBlock);  // 16 of them stay
        if (n == 0) continue;
        world().volume().note_hits();
        ASSERT_EQ(hit(0), block(0)) << n;
    }
    EXPECT_TRUE(hit(kBlock).empty());
}

TEST_F(HitReadersTest, AFullLogSendsReadsToTheReactorUntilItHasBeenRead) {
    world().write(0, block(1));
    for (uint64_t i = 0; i < HitLog::kEntries; ++i) ASSERT_FALSE(hit(0).empty());
    EXPECT_TRUE(hit(0).empty());
    EXPECT_EQ(world().volume().note_hits(), HitLog::kEntries);
    EXPECT_EQ(hit(0), block(1));
}

TEST_F(HitReadersTest, AStreamOfHitsGoesOnIntoTheReadAhead) {
    cache().read_ahead = 4;
    SimWorld& ahead = world();
    for (uint32_t n = 0; n < 64; ++n) ahead.bucket.set(key(n), block(n));
    ahead.read(0, kBlock);
    ahead.read(kBlock, kBlock);
    ahead.loop.run_until_idle();
    // What was fetched ahead is not for the thread, the first time.
    std::vector<std::byte> part(512);
    fusell::HitReader* const reader = ahead.volume().hit_reader(0);
    EXPECT_FALSE(reader->read_hit(ByteOffset(2 * kBlock), part));
    ahead.volume().note_hits();
    EXPECT_TRUE(ahead.volume().read_at_once(ByteOffset(2 * kBlock), part));
    EXPECT_TRUE(reader->read_hit(ByteOffset(2 * kBlock), part));
    ahead.loop.run_until_idle();
    ahead.volume().note_hits();
    EXPECT_TRUE(ahead.volume().read_at_once(ByteOffset(6 * kBlock), part));
}

TEST_F(HitReadersTest, WhoWaitsForAPinTriesAgainSoon) {
    Room room;
    Room::Turn turn(room.reads());
    SimLoop& loop = world().loop;
    TaskGroup group;
    group.spawn(turn.wait(true));
    EXPECT_TRUE(loop.run_until([&] { return group.running() == 0; }, Room::kSoon));
    group.spawn(turn.wait());
    EXPECT_FALSE(loop.run_until([&] { return group.running() == 0; }));
    room.changed();
    EXPECT_TRUE(loop.run_until([&] { return group.running() == 0; }));
}

/// Block n has `generation` in all its words.
std::vector<std::byte> filled(uint64_t generation) {
    std::vector<std::byte> bytes(kBlock);
    for (size_t at = 0; at < bytes.size(); at += sizeof generation) {
        std::memcpy(bytes.data() + at, &generation, sizeof generation);
    }
    return bytes;
}

TEST_F(HitReadersTest, AThreadSeesWholeBlocksAndAllThatWasWrittenBefore) {
    constexpr uint32_t kBlocks = 24;  // more than there is room for
    std::array<std::atomic<uint64_t>, kBlocks> written{};
    std::atomic<bool> end = false;
    std::atomic<uint64_t> hits = 0;
    fusell::HitReader& reader = *world().volume().hit_reader(0);
    std::thread beside([&] {
        std::vector<std::byte> bytes(kBlock);
        for (uint32_t n = 0; !end; n = (n + 5) % kBlocks) {
            const uint64_t least = written[n];
            if (!reader.read_hit(ByteOffset(n * kBlock), bytes)) continue;
            uint64_t generation = 0;
            std::memcpy(&generation, bytes.data(), sizeof generation);
            ASSERT_GE(generation, least);
            ASSERT_EQ(bytes, filled(generation));
            ++hits;
        }
    });
    uint64_t generation = 0;
    while (generation < 3000 || hits < 100) {
        const uint32_t n = static_cast<uint32_t>(++generation * 7 % kBlocks);
        world().write(n * kBlock, filled(generation));
        written[n] = generation;
        const uint32_t other = static_cast<uint32_t>(generation * 11 % kBlocks);
        if (written[other] > 0) {
            ASSERT_EQ(world().read(other * kBlock, kBlock).bytes, filled(written[other]));
        }
        if (generation % 50 == 0) world().flush();
    }
    end = true;
    beside.join();
}

}  // namespace
}  // namespace s3b
