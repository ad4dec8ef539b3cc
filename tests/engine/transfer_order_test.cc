// SPDX-License-Identifier: Apache-2.0
// In which order a volume transfers blocks when places are scarce.
#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

/// One place for the background, taken by an upload of block 0 until it is released.
class TransferOrderTest : public VolumeTest {
protected:
    TransferOrderTest() {
        cache().threads = 1;
        cache().write_delay = Duration::zero();
        cache().read_ahead = 2;
        bucket().set_delay([this](Verb verb, std::string_view key) {
            order_ += (verb == Verb::Get ? " get " : " put ") + std::string(key.substr(6));
            return milliseconds(1);
        });
        bucket().hold(Verb::Put, key(0));
        world().write(0, block(0));
        idle();
    }
    void release() {
        order_.clear();
        bucket().release(Verb::Put, key(0));
        world().loop.run_for(seconds(1));
    }
    std::string order_;
};

TEST_F(TransferOrderTest, ReadAheadNeedsNoPlaceOfTheBackground) {
    world().write(16 * kBlock, block(1));
    order_.clear();
    world().read(32 * kBlock, kBlock);
    world().read(33 * kBlock, kBlock);
    EXPECT_EQ(order_, " get 20 get 21 get 22 get 23");
    release();
    EXPECT_EQ(order_, " put 00 put 10");
}

TEST_F(TransferOrderTest, WhatFsyncWaitsForGoesBeforeWriteBack) {
    world().write(16 * kBlock, block(1));
    SimRequest& flush = world().start_flush();
    world().write(17 * kBlock, block(2));
    release();
    EXPECT_TRUE(flush.ok());
    EXPECT_EQ(order_, " put 00 put 10 put 11");
}

TEST_F(TransferOrderTest, AReadThatSomebodyWaitsForOvertakesReadAhead) {
    bucket().hold(Verb::Get, key(34));
    bucket().hold(Verb::Get, key(35));
    world().read(32 * kBlock, 2 * kBlock);
    SimRequest& read = world().start_read(40 * kBlock, kBlock);
    world().loop.run_for(seconds(1));
    EXPECT_EQ(bucket().held(), 1 + 2);  // the upload, and all places for two blocks ahead
    EXPECT_TRUE(read.ok());
    bucket().clear_faults();
    release();
}

TEST_F(TransferOrderTest, AReadThatSomebodyWaitsForNeedsNoPlaceOfTheBackground) {
    SimRequest& read = world().start_read(40 * kBlock, kBlock);
    world().loop.run_for(seconds(1));
    EXPECT_TRUE(read.ok());
    release();
}

}  // namespace
}  // namespace s3b
