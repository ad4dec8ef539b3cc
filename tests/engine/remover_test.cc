// SPDX-License-Identifier: Apache-2.0
// Deletions behind the scenes: in bulk, in order with writes, listed where that is cheaper.
#include "engine/remover.h"

#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class RemoverTest : public VolumeTest {
protected:
    static constexpr uint32_t kBlocks = 4 * cache::Deletions::kChunk;
    RemoverTest() { settings().geometry.blocks = BlockCount(kBlocks); }

    void put(uint32_t n) { bucket().set(key(n), block(n)); }
    SimRequest& zero(uint32_t first, uint64_t count) {
        return world().finish(world().start_zero(first * kBlock, count * kBlock));
    }
    int requests() {
        return bucket().total(Verb::Get) + bucket().total(Verb::Put) +
               bucket().total(Verb::Remove) + bucket().total(Verb::RemoveMany) +
               bucket().total(Verb::List);
    }
    uint64_t to_be_deleted() { return world().volume().dirty_blocks(); }
};

TEST_F(RemoverTest, ManyBlocksGoWithOneRequestAfterTheWriteDelay) {
    for (uint32_t n = 0; n < 500; ++n) put(n);
    EXPECT_TRUE(zero(0, 500).ok());
    EXPECT_EQ(world().read(7 * kBlock, kBlock).bytes, zeros(kBlock));
    EXPECT_EQ(requests(), 0);
    world().loop.run_for(milliseconds(250));
    EXPECT_EQ(bucket().total(Verb::RemoveMany), 500);  // keys
    EXPECT_EQ(bucket().total(Verb::Remove), 0);
    EXPECT_EQ(bucket().objects().size(), 0U);
    EXPECT_EQ(to_be_deleted(), 0U);
}

TEST_F(RemoverTest, AFewGoOneByOne) {
    for (uint32_t n = 0; n < 3; ++n) put(n);
    zero(0, 3);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(bucket().total(Verb::Remove), 3);
    EXPECT_EQ(bucket().total(Verb::RemoveMany), 0);
    EXPECT_EQ(bucket().objects().size(), 0U);
}

TEST_F(RemoverTest, ALongRowIsListedAndOnlyItsObjectsAreDeleted) {
    for (const uint32_t n : {5U, 39'999U, 40'000U, kBlocks - 1}) put(n);
    zero(0, kBlocks - 1);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_LT(bucket().total(Verb::List), 20);
    EXPECT_EQ(bucket().total(Verb::Remove) + bucket().total(Verb::RemoveMany), 3);
    EXPECT_EQ(bucket().objects().size(), 1U);  // the last block was not discarded
    EXPECT_NE(stored(kBlocks - 1), nullptr);
    EXPECT_EQ(to_be_deleted(), 0U);
}

TEST_F(RemoverTest, WhatWasStoredOrReadIsDeletedEvenIfAListMissesIt) {
    put(9000);
    put(9001);
    world().write(7 * kBlock, block(7));
    world().flush();
    world().read(9000 * kBlock, kBlock);
    bucket().hide_from_lists(true);
    zero(0, 20'000);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(stored(7), nullptr);
    EXPECT_EQ(stored(9000), nullptr);
    EXPECT_NE(stored(9001), nullptr);  // nothing told of it
    EXPECT_GT(bucket().total(Verb::List), 0);
}

TEST_F(RemoverTest, AfterASurveyAnEmptyVolumeIsDiscardedWithoutARequest) {
    world().start_survey(1);
    idle();
    const int before = requests();
    zero(0, kBlocks);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(requests(), before);
}

TEST_F(RemoverTest, HashedNamesAreNotListed) {
    settings().block_hash_prefix = true;
    zero(0, 5000);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(bucket().total(Verb::List), 0);
    EXPECT_EQ(bucket().total(Verb::RemoveMany), 5000);
}

TEST_F(RemoverTest, WhereListsFailEachBlockIsDeleted) {
    put(17);
    bucket().fail_next(Verb::List, "", Errc::Forbidden, 100);
    zero(0, 5000);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(bucket().total(Verb::RemoveMany), 5000);
    EXPECT_EQ(bucket().objects().size(), 0U);
}

TEST_F(RemoverTest, WhereTheStoreTakesNoBatchesBlocksAreDeletedOneByOneWithinTheBound) {
    cache().threads = 5;
    for (uint32_t n = 0; n < 100; ++n) put(n);
    bucket().fail_next(Verb::RemoveMany, "", Errc::Unsupported, 1000);
    bucket().set_delay(milliseconds(10));
    zero(0, 100);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(bucket().objects().size(), 0U);
    EXPECT_EQ(bucket().total(Verb::Remove), 100);
}

TEST_F(RemoverTest, AnUploadWaitsForTheDeletionOfTheEarlierObject) {
    put(1);
    bucket().hold(Verb::Remove, key(1));
    zero(1, 1);
    SimRequest& first = world().start_flush();
    idle();
    ASSERT_EQ(bucket().held(), 1);
    world().write(kBlock, block(7));
    world().write(2 * kBlock, block(8));
    SimRequest& second = world().start_flush();
    world().loop.run_for(seconds(1));
    EXPECT_EQ(bucket().put_count(key(1)), 0);
    EXPECT_EQ(bucket().put_count(key(2)), 1);  // others go on
    EXPECT_FALSE(first.done);
    EXPECT_FALSE(second.done);
    bucket().release(Verb::Remove, key(1));
    EXPECT_TRUE(world().finish(first).ok());
    EXPECT_TRUE(world().finish(second).ok());
    EXPECT_EQ(*stored(1), block(7));
}

TEST_F(RemoverTest, AFlushWaitsForABlockThatWasDiscardedBeforeAndWrittenSince) {
    put(1);
    bucket().hold(Verb::Put, key(1));
    zero(1, 1);
    world().write(kBlock, block(7));  // no deletion is needed any more
    SimRequest& flush = world().start_flush();
    world().loop.run_for(seconds(1));
    EXPECT_FALSE(flush.done);
    EXPECT_EQ(bucket().remove_count(key(1)), 0);
    bucket().release(Verb::Put, key(1));
    EXPECT_TRUE(world().finish(flush).ok());
    EXPECT_EQ(*stored(1), block(7));
}

TEST_F(RemoverTest, ADeletionThatFailsFailsTheFlushAndIsRepeatedWithGrowingPauses) {
    put(1);
    zero(1, 1);
    bucket().fail_next(Verb::Remove, key(1), Errc::Forbidden, 3);
    EXPECT_TRUE(world().flush().failed());
    EXPECT_NE(stored(1), nullptr);
    EXPECT_EQ(world().read(kBlock, kBlock).bytes, zeros(kBlock));
    world().loop.run_for(milliseconds(499));
    EXPECT_EQ(bucket().remove_count(key(1)), 1);
    world().loop.run_for(milliseconds(1));
    EXPECT_EQ(bucket().remove_count(key(1)), 2);
    world().loop.run_for(milliseconds(1000));
    EXPECT_EQ(bucket().remove_count(key(1)), 3);
    world().loop.run_for(milliseconds(2000));
    EXPECT_EQ(stored(1), nullptr);
    EXPECT_TRUE(world().flush().ok());
}

TEST_F(RemoverTest, ABatchThatFailsIsRepeated) {
    for (uint32_t n = 0; n < 50; ++n) put(n);
    bucket().fail_next(Verb::RemoveMany, "", Errc::Timeout);
    zero(0, 50);
    EXPECT_TRUE(world().flush().failed());
    EXPECT_EQ(bucket().objects().size(), 50U);
    world().loop.run_for(seconds(1));
    EXPECT_EQ(bucket().objects().size(), 0U);
}

TEST_F(RemoverTest, NothingOvertakesADeletionOfUnknownOutcome) {
    put(1);
    bucket().apply_late(Verb::Remove, key(1), milliseconds(1900));
    zero(1, 1);
    EXPECT_TRUE(world().flush().failed());
    world().write(kBlock, block(7));
    EXPECT_TRUE(world().flush().ok());
    world().loop.run_for(seconds(5));
    EXPECT_EQ(*stored(1), block(7));
}

TEST_F(RemoverTest, TheEndOfTheVolumeWaitsForDeletions) {
    cache().write_delay = seconds(1000);
    for (uint32_t n = 0; n < 10; ++n) put(n);
    zero(0, 10);
    EXPECT_TRUE(world().drain().ok());
    EXPECT_EQ(bucket().objects().size(), 0U);
}

TEST_F(RemoverTest, SynchronousZerosEndWhenTheyAreStored) {
    cache().sync = true;
    cache().write_delay = Duration::zero();
    for (uint32_t n = 0; n < 10; ++n) put(n);
    EXPECT_TRUE(zero(0, 5).ok());
    EXPECT_EQ(bucket().objects().size(), 5U);
    EXPECT_TRUE(world().write(5 * kBlock, zeros(kBlock)).ok());
    EXPECT_EQ(bucket().objects().size(), 4U);
    bucket().fail_next(Verb::Remove, "", Errc::Forbidden);
    EXPECT_TRUE(world().write(6 * kBlock, zeros(kBlock)).failed());
}

TEST_F(RemoverTest, DeletionsKeepTheLeastTimeBetweenWritesAndListNothing) {
    settings().consistency.on = true;
    settings().consistency.keep = seconds(10);
    settings().consistency.min_write_delay = seconds(3);
    world().write(kBlock, block(1));
    world().flush();
    zero(0, 6000);
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(stored(1), nullptr);
    EXPECT_GE(bucket().closest_changes(), seconds(3));
    EXPECT_EQ(bucket().total(Verb::List), 0);
}

}  // namespace
}  // namespace s3b
