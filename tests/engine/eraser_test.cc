// SPDX-License-Identifier: Apache-2.0
#include "engine/eraser.h"

#include "tests/engine/listing_fixture.h"

namespace s3b {
namespace {

using std::chrono::milliseconds;

class EraserTest : public ListingTest {
protected:
    EraserTest() { put_key(token()); }
    std::string token() const { return names().mount_flag(); }
    Erasure erasure() {
        Erasure result(bucket_, scheduler_, console_, names());
        result.blocks = BlockCount(10'000);
        result.description = "http://host/bucket/p/";
        result.force = force_;
        result.quiet = quiet_;
        return result;
    }
    bool erase() {
        Eraser eraser(erasure());
        return finish(eraser.run());
    }
    bool reset() {
        const Erasure what = erasure();
        return finish(reset_mounted_flag(what));
    }
    bool has(const std::string& key) { return bucket_.find(key) != nullptr; }

    FakeConsole console_;
    bool force_ = true;
    bool quiet_ = false;
};

TEST_F(EraserTest, DeletesTheBlocksAndThenTheTokenAndNothingElse) {
    for (uint32_t block = 0; block < 2500; ++block) put(block);
    for (const char* other : {"p/0000000A", "p/00002710", "q/00000000", "p/other"}) put_key(other);
    EXPECT_TRUE(erase());
    EXPECT_EQ(bucket_.objects().size(), 4U);
    EXPECT_EQ(bucket_.total(Verb::Remove), 1);  // the token
    EXPECT_EQ(console_.take(), "s3backer: erased 2500 non-zero blocks\n");
    EXPECT_EQ(console_.questions, 0);
}

TEST_F(EraserTest, AsksAndTakesOnlyYesForYes) {
    force_ = false;
    quiet_ = true;  // the question is asked all the same
    put(1);
    for (const char* no : {"", "n", " y", "yes x", "yes      x", "yess", "ye", "no"}) {
        console_.answer = no;
        EXPECT_FALSE(erase()) << no;
        EXPECT_EQ(console_.take(),
                  "s3backer: all blocks of http://host/bucket/p/ will be erased\n"
                  "s3backer: is this correct? [y/N] s3backer: not confirmed\n");
    }
    EXPECT_TRUE(has(key(1)));
    EXPECT_EQ(lists(), 0);
    for (const char* yes : {"y", "Y", "yes", "YeS", "y \t", "yes\r"}) {
        put(1);
        console_.answer = yes;
        EXPECT_TRUE(erase()) << yes;
        EXPECT_FALSE(has(key(1)));
    }
    EXPECT_FALSE(has(token()));
}

TEST_F(EraserTest, SendsAFewBatchesAtOnce) {
    for (uint32_t block = 0; block < 10'000; ++block) put(block);
    bucket_.set_delay(milliseconds(10));
    EXPECT_TRUE(erase());
    EXPECT_EQ(bucket_.peak(Verb::RemoveMany), 4);
    EXPECT_EQ(bucket_.objects().size(), 0U);
}

TEST_F(EraserTest, DeletesOneByOneWhereTheStoreTakesNoBatches) {
    for (uint32_t block = 0; block < 2500; ++block) put(block);
    bucket_.set_delay(milliseconds(10));
    bucket_.fail_next(Verb::RemoveMany, "", Errc::Unsupported, 1000);
    EXPECT_TRUE(erase());
    EXPECT_EQ(bucket_.objects().size(), 0U);
    EXPECT_EQ(bucket_.peak(Verb::Remove), 25);
    EXPECT_LE(bucket_.peak(Verb::RemoveMany), 4);
    EXPECT_EQ(console_.take(),
              "s3backer: the store deletes no batches: one block at a time\n"
              "s3backer: erased 2500 non-zero blocks\n");
}

TEST_F(EraserTest, WhatABatchLeavesIsDeletedByItself) {
    for (uint32_t block = 0; block < 100; ++block) put(block);
    bucket_.fail_next(Verb::RemoveMany, key(7), Errc::Io);
    EXPECT_TRUE(erase());
    EXPECT_EQ(bucket_.remove_count(key(7)), 1);
    EXPECT_EQ(console_.take(), "s3backer: erased 100 non-zero blocks\n");
}

TEST_F(EraserTest, ABlockThatCannotBeDeletedKeepsTheTokenButNoOtherBlock) {
    for (uint32_t block = 0; block < 100; ++block) put(block);
    bucket_.fail_next(Verb::RemoveMany, key(10), Errc::Io);
    bucket_.fail_next(Verb::Remove, key(10), Errc::Forbidden);
    EXPECT_FALSE(erase());
    EXPECT_EQ(bucket_.objects().size(), 2U);
    EXPECT_TRUE(has(token()));
    EXPECT_EQ(console_.take(),
              "s3backer: cannot delete block 0000000a: Forbidden: injected\n"
              "s3backer: 1 blocks could not be deleted, the mount token stays\n"
              "s3backer: erased 99 non-zero blocks\n");
}

TEST_F(EraserTest, AFailedBatchIsReportedBlockByBlock) {
    for (uint32_t block = 1; block <= 4; ++block) put(block);
    bucket_.fail_next(Verb::RemoveMany, "", Errc::Timeout, 4);
    EXPECT_FALSE(erase());
    EXPECT_TRUE(has(token()));
    const std::string text = console_.take();
    EXPECT_NE(text.find("cannot delete block 00000001: Timeout"), std::string::npos);
    EXPECT_NE(text.find("cannot delete block 00000004: Timeout"), std::string::npos);
}

TEST_F(EraserTest, AFailedListKeepsTheToken) {
    put(1);
    bucket_.fail_next(Verb::List, "", Errc::ServerError);
    EXPECT_FALSE(erase());
    EXPECT_TRUE(has(token()));
    EXPECT_NE(console_.take().find("cannot list the blocks: ServerError: injected"),
              std::string::npos);
}

TEST_F(EraserTest, ATokenThatCannotBeRemovedIsAFailure) {
    bucket_.fail_next(Verb::Remove, token(), Errc::Forbidden);
    EXPECT_FALSE(erase());
    EXPECT_EQ(console_.take(),
              "s3backer: cannot remove the mount token: Forbidden: injected\n"
              "s3backer: erased 0 non-zero blocks\n");
}

TEST_F(EraserTest, ResetRemovesTheTokenAlone) {
    put(1);
    EXPECT_TRUE(reset());
    EXPECT_TRUE(has(key(1)));
    EXPECT_FALSE(has(token()));
    EXPECT_EQ(console_.take(),
              "s3backer: resetting mount token for http://host/bucket/p/\ns3backer: done\n");
    quiet_ = true;
    EXPECT_TRUE(reset());
    EXPECT_EQ(console_.take(), "");
    bucket_.fail_next(Verb::Remove, token(), Errc::Forbidden);
    EXPECT_FALSE(reset());
    EXPECT_EQ(console_.take(), "s3backer: cannot remove the mount token: Forbidden: injected\n");
}

}  // namespace
}  // namespace s3b
