// SPDX-License-Identifier: Apache-2.0
// A volume with a cache file: what goes to the file and what to the store, and what happens when
// the file fails. Source: cache-and-consistency.md 3.7, 3.13.
#include <gtest/gtest.h>

#include "tests/fakes/fake_file.h"
#include "tests/sim/sim_world.h"

namespace s3b {
namespace {

using Verb = net::FakeBucket::Verb;
constexpr uint64_t kBlock = 4096;
constexpr uint32_t kBlocks = 64;

class Owner final : public FileOwner {
public:
    Task<Result<void>> disown() override {
        ++calls;
        while (held) {
            co_await changed.wait();
        }
        co_return ok();
    }
    int calls = 0;
    bool held = false;
    WaitQueue changed;
};

class VolumeFileTest : public ::testing::Test {
protected:
    void SetUp() override {
        settings_ = sim_settings(kBlock, kBlocks, 32);
        settings_.cache.file = "in memory";
        settings_.cache.memory = ByteCount(8 * kBlock);
        settings_.cache.threads = 2;
        settings_.cache.write_delay = std::chrono::hours(1);
        settings_.cache.read_ahead = 0;
    }
    /// The first call makes the world.
    SimWorld& world() {
        if (world_) return *world_;
        cache::FileMapSettings map;
        map.layout = {cache::FileVersion::V2, ByteCount(kBlock), SlotCount(32), ByteCount(4096)};
        map_.emplace(map);
        file_.emplace(std::vector<std::byte>(map.layout.full_length()),
                      [] { return Duration(std::chrono::microseconds(100)); });
        needs_.emplace(FileTierNeeds{*file_, *map_, &owner_});
        world_.emplace(settings_, nullptr, &*needs_);
        return *world_;
    }
    FakeFile& file() {
        world();
        return *file_;
    }
    static std::vector<std::byte> block(int value) {
        return std::vector<std::byte>(kBlock, static_cast<std::byte>(value));
    }
    void write(uint32_t number, int value) {
        EXPECT_TRUE(world().write(number * kBlock, block(value)).ok());
    }
    bool holds(uint32_t number, int value) {
        const SimRequest& read = world().read(number * kBlock, kBlock);
        return read.ok() && read.bytes == block(value);
    }
    bool is_stored(uint32_t number, int value) {
        const auto* object = world().bucket.find(SimWorld::key(number));
        return object != nullptr && object->body == block(value);
    }

    VolumeSettings settings_;
    Owner owner_;
    std::optional<cache::FileMap> map_;
    std::optional<FakeFile> file_;
    std::optional<FileTierNeeds> needs_;
    std::optional<SimWorld> world_;
};

TEST_F(VolumeFileTest, WithPolicyCacheFsyncNeedsNoStore) {
    settings_.fsync = FsyncPolicy::Cache;
    world().bucket.fail_next(Verb::Put, "", Errc::Unreachable, 1000);
    for (uint32_t n = 0; n < 20; ++n) write(n, 1);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(world().bucket.total(Verb::Put), 0);
    world().bucket.clear_faults();
}

TEST_F(VolumeFileTest, ManyWritesAndFsyncsShareASync) {
    settings_.fsync = FsyncPolicy::Cache;
    const int before = file().syncs();
    std::vector<SimRequest*> requests;
    for (uint32_t n = 0; n < 8; ++n) {
        requests.push_back(&world().start_write(n * kBlock, block(1)));
    }
    for (SimRequest* request : requests) EXPECT_TRUE(world().finish(*request).ok());
    EXPECT_LE(file().syncs() - before, 2);
    requests.clear();
    for (int i = 0; i < 20; ++i) requests.push_back(&world().start_flush());
    for (SimRequest* request : requests) EXPECT_TRUE(world().finish(*request).ok());
    EXPECT_LE(file().syncs() - before, 4);
}

TEST_F(VolumeFileTest, AReadMissHasNoSyncOfItsOwn) {
    for (uint32_t n = 0; n < 30; ++n) world().bucket.set(SimWorld::key(n), block(7));
    for (uint32_t n = 0; n < 30; ++n) EXPECT_TRUE(holds(n, 7));
    EXPECT_EQ(file().syncs(), 0);
    world().loop.run_for(std::chrono::seconds(3));
    EXPECT_EQ(file().syncs(), 1);
    EXPECT_EQ(map_->used(), 30U);
    world().bucket.fail_next(Verb::Get, "", Errc::Unreachable, 1000);
    for (uint32_t n = 0; n < 30; ++n) EXPECT_TRUE(holds(n, 7));
    world().bucket.clear_faults();
}

TEST_F(VolumeFileTest, AWriteToABlockThatIsBeingCopiedDoesNotWaitForThatSync) {
    world().bucket.set(SimWorld::key(0), block(7));
    EXPECT_TRUE(holds(0, 7));
    const Instant begin = world().loop.now();
    write(0, 8);
    EXPECT_LT(world().loop.now() - begin, std::chrono::milliseconds(100));
}

TEST_F(VolumeFileTest, ACleanBlockThatCannotBeReadIsFetchedFromTheStore) {
    for (uint32_t n = 0; n < 30; ++n) world().bucket.set(SimWorld::key(n), block(7));
    for (uint32_t n = 0; n < 30; ++n) EXPECT_TRUE(holds(n, 7));
    world().loop.run_for(std::chrono::seconds(3));
    file().fail_reads();
    for (uint32_t n = 0; n < 30; ++n) EXPECT_TRUE(holds(n, 7));
    EXPECT_EQ(world().volume().stats_text().find("cache_file_failures          0"),
              std::string::npos);
}

TEST_F(VolumeFileTest, TheOnlyCopyThatCannotBeReadIsAnErrorNeverZeros) {
    for (uint32_t n = 0; n < 30; ++n) write(n, 1);
    file().fail_reads();
    int failed = 0;
    for (uint32_t n = 0; n < 30; ++n) {
        const SimRequest& read = world().read(n * kBlock, kBlock);
        if (read.failed()) ++failed;
        EXPECT_TRUE(read.failed() || read.bytes == block(1));
    }
    EXPECT_GT(failed, 0);
    file().revive();
    for (uint32_t n = 0; n < 30; ++n) EXPECT_TRUE(holds(n, 1));
}

/// What fails, and the policy.
class FailingFileTest : public VolumeFileTest,
                        public ::testing::WithParamInterface<std::tuple<bool, FsyncPolicy>> {
protected:
    void SetUp() override {
        VolumeFileTest::SetUp();
        settings_.fsync = std::get<1>(GetParam());
    }
    void fail() {
        if (std::get<0>(GetParam())) {
            file().fail_syncs();
        } else {
            file().fail_writes();
        }
    }
};

TEST_P(FailingFileTest, NothingIsLost) {
    for (uint32_t n = 0; n < 20; ++n) write(n, 1);
    fail();
    for (uint32_t n = 10; n < 40; ++n) write(n, 2);
    EXPECT_EQ(owner_.calls, 1);
    EXPECT_TRUE(world().flush().ok());
    for (uint32_t n = 0; n < 40; ++n) {
        EXPECT_TRUE(holds(n, n < 10 ? 1 : 2)) << n;
        EXPECT_TRUE(is_stored(n, n < 10 ? 1 : 2)) << n;
    }
    write(0, 3);
    world().drain();
    EXPECT_TRUE(is_stored(0, 3));
    EXPECT_FALSE(world().volume().file_is_complete());
}

TEST_P(FailingFileTest, NothingIsStoredBeforeTheFileIsDisowned) {
    for (uint32_t n = 0; n < 5; ++n) write(n, 1);
    owner_.held = true;
    fail();
    for (uint32_t n = 3; n < 8; ++n) write(n, 2);
    SimRequest& flush = world().start_flush();
    world().loop.run_for(std::chrono::seconds(10));
    EXPECT_FALSE(flush.done);
    EXPECT_EQ(world().bucket.total(Verb::Put), 0);
    owner_.held = false;
    owner_.changed.wake_all();
    EXPECT_TRUE(world().finish(flush).ok());
    for (uint32_t n = 0; n < 8; ++n) EXPECT_TRUE(is_stored(n, n < 3 ? 1 : 2)) << n;
}

TEST_F(VolumeFileTest, AnFsyncThatFindsTheFailureWaitsUntilTheFileIsDisowned) {
    for (uint32_t n = 0; n < 5; ++n) write(n, 1);
    owner_.held = true;
    file().fail_syncs();
    write(0, 2);  // over a dirty block: without a sync
    EXPECT_EQ(owner_.calls, 0);
    SimRequest& flush = world().start_flush();
    world().loop.run_for(std::chrono::seconds(10));
    EXPECT_FALSE(flush.done);
    EXPECT_EQ(owner_.calls, 1);
    owner_.held = false;
    owner_.changed.wake_all();
    EXPECT_TRUE(world().finish(flush).ok());
    EXPECT_TRUE(is_stored(0, 2));
}

INSTANTIATE_TEST_SUITE_P(All, FailingFileTest,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(FsyncPolicy::Store,
                                                              FsyncPolicy::Cache)));

/// What is written after an fsync does not overtake what was written before.
class EpochsTest : public VolumeFileTest {
protected:
    void SetUp() override {
        VolumeFileTest::SetUp();
        settings_.fsync = FsyncPolicy::Cache;
    }
};

TEST_F(EpochsTest, ABlockThatIsWrittenAgainIsStoredInBothVersions) {
    world().bucket.set_delay(std::chrono::milliseconds(10));
    write(0, 1);
    write(1, 1);
    EXPECT_TRUE(world().flush().ok());
    write(0, 2);
    EXPECT_TRUE(holds(0, 2));
    SimRequest& drain = world().start_drain();
    EXPECT_TRUE(world().loop.run_until([this] { return is_stored(0, 1); }));
    world().finish(drain);
    EXPECT_TRUE(is_stored(0, 2));
    EXPECT_EQ(world().bucket.put_count(SimWorld::key(0)), 2);
}

TEST_F(EpochsTest, TheOnlyBlockOfAllFsyncsNeedsNoOldVersion) {
    for (int value = 1; value <= 50; ++value) {
        write(0, value);
        EXPECT_TRUE(world().flush().ok());
    }
    world().drain();
    EXPECT_TRUE(is_stored(0, 50));
    EXPECT_EQ(world().bucket.put_count(SimWorld::key(0)), 1);
}

TEST_F(EpochsTest, AnOldVersionThatFailsIsSentAgainBeforeAllLaterOnes) {
    world().bucket.set_delay(std::chrono::milliseconds(10));
    write(0, 1);
    write(1, 1);
    EXPECT_TRUE(world().flush().ok());
    write(0, 2);
    write(2, 2);
    world().bucket.fail_next(Verb::Put, SimWorld::key(0), Errc::Unreachable, 3);
    SimRequest& drain = world().start_drain();
    EXPECT_TRUE(world().loop.run_until([this] { return is_stored(0, 1); }));
    EXPECT_EQ(world().bucket.find(SimWorld::key(2)), nullptr);
    world().finish(drain);
    EXPECT_TRUE(is_stored(0, 2) && is_stored(1, 1) && is_stored(2, 2));
}

}  // namespace
}  // namespace s3b
