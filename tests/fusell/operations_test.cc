// SPDX-License-Identifier: Apache-2.0
// What becomes of requests, well formed or not, without a mount.
#include "fusell/operations.h"

#include <cerrno>
#include <random>

#include "fusell/request.h"
#include "tests/fusell/operations_fixture.h"

namespace s3b::fusell {
namespace {

class OperationsTest : public OperationsFixture {
protected:
    void SetUp() override { connect(MountOptions()); }
};

TEST_F(OperationsTest, MalformedRequestsAreAnsweredWithAnError) {
    EXPECT_EQ(error_of(message_of(FUSE_READ, kFileInode, {})), EIO);
    EXPECT_EQ(error_of(message_of(FUSE_WRITE, kFileInode, {})), EIO);
    EXPECT_EQ(error_of(message_of(FUSE_LOOKUP, kRootInode, {})), EIO);
    EXPECT_EQ(error_of(message_of(FUSE_FALLOCATE, kFileInode, {})), EIO);
    EXPECT_EQ(error_of(message_of(FUSE_LOOKUP, kRootInode, Message(3, std::byte{'x'}))), EIO);
}

TEST_F(OperationsTest, AMessageWithoutAWholeHeaderIsDropped) {
    send(Message(39));
    send({});
    EXPECT_TRUE(transport_.replies.empty());
}

TEST_F(OperationsTest, ForgettingAndInterruptingWantNoReply) {
    send(message_with(FUSE_FORGET, kFileInode, fuse_forget_in{1}));
    send(message_with(FUSE_BATCH_FORGET, 0, fuse_batch_forget_in{1000, 0}));
    send(message_with(FUSE_INTERRUPT, 0, fuse_interrupt_in{4711}));
    EXPECT_TRUE(transport_.replies.empty());
    EXPECT_EQ(operations_->counts().text(), " FORGET=1 INIT=1 BATCH_FORGET=1 interrupts=1");
}

TEST_F(OperationsTest, AReadLargerThanAnyIsRefused) {
    EXPECT_EQ(error_of(read_message(kFileInode, 0, kTransfer + 1)), EINVAL);
}

TEST_F(OperationsTest, ReadingAnythingButAFileIsRefused) {
    EXPECT_EQ(error_of(read_message(kRootInode, 0, 10)), EISDIR);
    EXPECT_EQ(error_of(read_message(99, 0, 10)), EISDIR);
    EXPECT_EQ(error_of(read_message(kStatsInode, 0, 10)), EBADF);
}

TEST_F(OperationsTest, ReadingBeyondTheEndIsRefusedAndAtTheEndEmpty) {
    const uint64_t size = volume_.geometry().volume_size().value;
    EXPECT_EQ(error_of(read_message(kFileInode, size + 1, 10)), ESPIPE);
    EXPECT_EQ(error_of(read_message(kFileInode, size, 10)), 0);
    EXPECT_TRUE(transport_.replies.front().body.empty());
    EXPECT_EQ(volume_.reads, 0U);
}

TEST_F(OperationsTest, AWriteIsAnsweredWithWhatWasTaken) {
    const uint64_t size = volume_.geometry().volume_size().value;
    ASSERT_EQ(error_of(write_message(kFileInode, size - 3, Message(10))), 0);
    fuse_write_out out{};
    ASSERT_EQ(transport_.replies.front().body.size(), sizeof out);
    std::memcpy(&out, transport_.replies.front().body.data(), sizeof out);
    EXPECT_EQ(out.size, 3U);
    EXPECT_EQ(volume_.write_sizes, (std::vector<size_t>{3}));
}

TEST_F(OperationsTest, WhatTheVolumeHasAtHandIsAnsweredAtOnce) {
    volume_.at_once = true;
    const uint64_t size = volume_.geometry().volume_size().value;
    ASSERT_EQ(error_of(write_message(kFileInode, size - 3, Message(10, std::byte{'x'}))), 0);
    ASSERT_EQ(error_of(read_message(kFileInode, size - 4, 10)), 0);
    EXPECT_EQ(transport_.replies.front().body,
              (Message{std::byte{0}, std::byte{'x'}, std::byte{'x'}, std::byte{'x'}}));
    EXPECT_EQ(volume_.reads, 0U);
    EXPECT_TRUE(volume_.write_sizes.empty());
}

TEST_F(OperationsTest, WritingToTheStatisticsIsRefused) {
    EXPECT_EQ(error_of(write_message(kStatsInode, 0, Message(10))), EINVAL);
}

TEST_F(OperationsTest, WhatIsNotOfferedIsNotAskedForAgain) {
    for (const uint32_t opcode : {FUSE_GETXATTR, FUSE_LISTXATTR, FUSE_FLUSH, FUSE_LSEEK, FUSE_IOCTL,
                                  FUSE_RENAME, FUSE_SYMLINK, FUSE_COPY_FILE_RANGE}) {
        EXPECT_EQ(error_of(message_of(opcode, kFileInode, {})), ENOSYS) << opcode_name(opcode);
    }
}

TEST_F(OperationsTest, OpenStatisticsFilesThatNobodyWaitsForAreForgotten) {
    transport_.nobody_waits = true;
    for (size_t i = 0; i < Inodes::kMaxOpenStats; ++i) {
        send(message_with(FUSE_OPEN, kStatsInode, fuse_open_in{}));
    }
    transport_.nobody_waits = false;
    EXPECT_EQ(error_of(message_with(FUSE_OPEN, kStatsInode, fuse_open_in{})), 0);
}

TEST_F(OperationsTest, TooManyOpenStatisticsFilesAreRefused) {
    for (size_t i = 0; i < Inodes::kMaxOpenStats; ++i) {
        ASSERT_EQ(error_of(message_with(FUSE_OPEN, kStatsInode, fuse_open_in{})), 0);
    }
    EXPECT_EQ(error_of(message_with(FUSE_OPEN, kStatsInode, fuse_open_in{})), ENFILE);
}

TEST_F(OperationsTest, RandomRequestsAreAnsweredOnceOrDropped) {
    std::mt19937 random(20240607);
    for (int round = 0; round < 20000; ++round) {
        Message body(random() % 200);
        for (std::byte& b : body) b = static_cast<std::byte>(random() % 4 == 0 ? random() : 0);
        const uint32_t opcode = random() % 64;
        if (opcode == FUSE_DESTROY) continue;  // the end of a connection
        transport_.replies.clear();
        send(message_of(opcode, random() % 5, body));
        const Route route = route_of(opcode);
        const bool silent = route == Route::Silent || route == Route::Interrupt;
        ASSERT_EQ(transport_.replies.size(), silent ? 0U : 1U) << "opcode " << opcode;
        messages_.clear();
    }
}

}  // namespace
}  // namespace s3b::fusell
