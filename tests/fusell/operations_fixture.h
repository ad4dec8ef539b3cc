// SPDX-License-Identifier: Apache-2.0
// Operations without a mount: messages in, replies out. Each message ends where its memory ends, so
// that the sanitizers see any read beyond it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/buffer.h"
#include "engine/reactor/reactor.h"
#include "fusell/operations.h"
#include "tests/fusell/fake_volume.h"
#include "tests/fusell/messages.h"

namespace s3b::fusell {

inline constexpr uint32_t kTransfer = 1 << 20;

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
    uint64_t negotiate(uint64_t offered) override {
        offers.push_back(offered);
        return wanted;
    }
    void connected() override { ++connections; }
    Request request_of(Message& message) { return Request(*this, 0, message, data_.bytes()); }

    std::vector<Reply> replies;
    std::vector<uint64_t> offers;  // of flags, as INIT came
    uint64_t wanted = 0;           // flags
    int connections = 0;
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

    Buffer data_{ByteCount(kTransfer)};
};

class OperationsFixture : public ::testing::Test {
protected:
    /// INIT and its answer.
    void connect(const MountOptions& options, uint32_t transfer = kTransfer) {
        operations_.emplace(volume_, settings_, options);
        std::string name = "test";
        std::array<char*, 2> words{name.data(), nullptr};
        fuse_args arguments = FUSE_ARGS_INIT(1, words.data());
        library_.reset(fuse_session_new(&arguments, &Operations::verbs(), sizeof(fuse_lowlevel_ops),
                                        &*operations_));
        fuse_opt_free_args(&arguments);
        ASSERT_TRUE(library_);
        const int device = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        const auto connected = operations_->connect(library_.get(), device, transport_, transfer);
        ASSERT_TRUE(connected.has_value());
        operations_->on_ready([this] { connections_when_ready_ = transport_.connections; });
        send(init_message());
        ASSERT_EQ(transport_.replies.size(), 1U);
        ASSERT_EQ(transport_.replies.front().body.size(), sizeof init_);
        std::memcpy(&init_, transport_.replies.front().body.data(), sizeof init_);
        transport_.replies.clear();
    }
    void TearDown() override {
        if (operations_) reactor_.run(operations_->join());
    }

    void send(Message message) {
        messages_.push_back(std::make_unique<Message>(std::move(message)));
        operations_->handle(transport_.request_of(*messages_.back()));
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
    std::optional<Operations> operations_;
    std::unique_ptr<fuse_session, Destroy> library_;
    fuse_init_out init_{};  // the answer
    int connections_when_ready_ = 0;
    std::vector<std::unique_ptr<Message>> messages_;
};

}  // namespace s3b::fusell
