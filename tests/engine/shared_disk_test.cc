// SPDX-License-Identifier: Apache-2.0
// A volume that other mounts write to, too: nothing is known of it but what the store says now.
#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

class SharedDiskTest : public VolumeTest {
protected:
    SharedDiskTest() {
        settings().shared = true;
        settings().cache.size = 0;
    }
};

TEST_F(SharedDiskTest, AReadShowsWhatOthersHaveWrittenMeanwhile) {
    EXPECT_EQ(world().read(0, kBlock).bytes, zeros(kBlock));
    bucket().set(key(0), block(1));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(1));
    bucket().set(key(0), block(2));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(2));
    bucket().erase(key(0));
    EXPECT_EQ(world().read(0, kBlock).bytes, zeros(kBlock));
}

TEST_F(SharedDiskTest, OwnWritesAndDiscardsAreStoredAtOnceAndNotRemembered) {
    EXPECT_TRUE(world().write(0, block(1)).ok());
    EXPECT_EQ(*stored(0), block(1));
    bucket().set(key(0), block(2));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(2));
    EXPECT_TRUE(world().finish(world().start_zero(0, 3 * kBlock)).ok());
    EXPECT_EQ(stored(0), nullptr);
    bucket().set(key(0), block(3));
    bucket().set(key(2), block(4));
    EXPECT_EQ(world().read(0, kBlock).bytes, block(3));
    EXPECT_EQ(world().read(2 * kBlock, kBlock).bytes, block(4));
}

TEST_F(SharedDiskTest, AWriteOfZerosDeletesWhatOthersHaveWritten) {
    EXPECT_EQ(world().read(0, kBlock).bytes, zeros(kBlock));
    bucket().set(key(0), block(1));
    EXPECT_TRUE(world().write(0, zeros(kBlock)).ok());
    EXPECT_TRUE(world().flush().ok());
    EXPECT_EQ(stored(0), nullptr);
}

}  // namespace
}  // namespace s3b
