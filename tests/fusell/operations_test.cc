// SPDX-License-Identifier: Apache-2.0
// What becomes of requests, well formed or not, without a mount. Each message ends where its memory
// ends, so that the sanitizers see any read beyond it.
#include "fusell/operations.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <random>

#include "engine/base/buffer.h"
#include "engine/reactor/reactor.h"
#include "fusell/request.h"
#include "tests/fusell/fake_volume.h"
#include "tests/fusell/messages.h"

namespace s3b::fusell {
namespace {

struct Reply {
    uint64_t unique = 0;
    int error = 0;
    Message body;
};

/// Keeps the replies.
class FakeTransport final : public Transport {
public:
    Task<void> serve(RequestHandler&) override { co_return; }
    Task<void> join() override { co_return; }
    ssize_t send(std::span<const iovec> message) override {
        if (nobody_waits) {
            errno = ENOENT;
            return -1;
        }
        Message bytes;
        for (const iovec& piece : message) append_bytes(bytes, piece.iov_base, piece.iov_len);
        note(bytes);
        return static_cast<ssize_t>(bytes.size());
    }
    Request request_of(Message& message) { return Request(*this, 0, message, data_.bytes()); }

    std::vector<Reply> replies;
    bool nobody_waits = false;  // as for a client that was interrupted

private:
    void note(const Message& bytes) {
        fuse_out_header header;
        ASSERT_GE(bytes.size(), sizeof header);
        std::memcpy(&header, bytes.data(), sizeof header);
        EXPECT_EQ(header.len, bytes.size());
        replies.push_back(
            {header.unique, header.error, Message(bytes.begin() + sizeof header, bytes.end())});
    }
    void finish(Request request, int error, size_t length) override {
        fuse_in_header header;
        std::memcpy(&header, request.message().data(), sizeof header);
        const auto data = request.data().first(length);
        replies.push_back({header.unique, -error, Message(data.begin(), data.end())});
    }
    void release(uint32_t) override {}

    Buffer data_{ByteCount(kMaxTransfer)};
};

class OperationsTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = "test";
        std::array<char*, 2> words{name.data(), nullptr};
        fuse_args arguments = FUSE_ARGS_INIT(1, words.data());
        library_.reset(fuse_session_new(&arguments, &Operations::verbs(), sizeof(fuse_lowlevel_ops),
                                        &operations_));
        fuse_opt_free_args(&arguments);
        ASSERT_TRUE(library_);
        const int device = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        ASSERT_TRUE(operations_.connect(library_.get(), device, transport_).has_value());
        send(init_message());
        ASSERT_EQ(transport_.replies.size(), 1U);
        init_reply_ = transport_.replies.front().body;
        transport_.replies.clear();
    }
    void TearDown() override { reactor_.run(operations_.join()); }

    void send(Message message) {
        messages_.push_back(std::make_unique<Message>(std::move(message)));
        operations_.handle(transport_.request_of(*messages_.back()));
    }
    /// The errno of the one reply to `message`, 0 for success.
    int error_of(Message message) {
        transport_.replies.clear();
        send(std::move(message));
        EXPECT_EQ(transport_.replies.size(), 1U);
        return transport_.replies.empty() ? -1 : -transport_.replies.front().error;
    }

    struct Destroy {
        void operator()(fuse_session* library) const { fuse_session_destroy(library); }
    };
    Reactor reactor_;
    FakeVolume volume_{4};
    FakeTransport transport_;
    MountSettings settings_;
    Operations operations_{volume_, settings_, MountOptions()};
    std::unique_ptr<fuse_session, Destroy> library_;
    Message init_reply_;
    std::vector<std::unique_ptr<Message>> messages_;
};

TEST_F(OperationsTest, TheConnectionHasLargeRequestsAndNoAttributesInVain) {
    fuse_init_out init{};
    ASSERT_EQ(init_reply_.size(), sizeof init);
    std::memcpy(&init, init_reply_.data(), sizeof init);
    EXPECT_EQ(init.max_write, uint32_t{1} << 20);
    EXPECT_EQ(init.max_pages, 256);
    EXPECT_EQ(init.max_readahead, 131072U);
    EXPECT_GE(init.max_background, 64);
    EXPECT_TRUE(init.flags & FUSE_ASYNC_READ);
    EXPECT_TRUE(init.flags & FUSE_ASYNC_DIO);
    EXPECT_FALSE(init.flags & FUSE_AUTO_INVAL_DATA);
    EXPECT_FALSE(init.flags & FUSE_ATOMIC_O_TRUNC);
    EXPECT_FALSE(init.flags & FUSE_WRITEBACK_CACHE);
}

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
    EXPECT_EQ(operations_.counts().text(), " FORGET=1 INIT=1 BATCH_FORGET=1 interrupts=1");
}

TEST_F(OperationsTest, AReadLargerThanAnyIsRefused) {
    EXPECT_EQ(error_of(read_message(kFileInode, 0, kMaxTransfer + 1)), EINVAL);
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
