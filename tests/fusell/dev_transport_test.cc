// SPDX-License-Identifier: Apache-2.0
// The transport over a socket pair that keeps message boundaries, as the FUSE device does.
#include "fusell/dev_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <functional>

#include "engine/reactor/reactor.h"
#include "engine/reactor/task_group.h"
#include "fusell/poll_wait.h"
#include "tests/fusell/messages.h"

namespace s3b::fusell {
namespace {

constexpr uint32_t kTransfer = 1 << 20;

/// Keeps the requests, or does with them what a test wants.
class Keeper final : public RequestHandler {
public:
    void handle(Request request) override {
        ++seen;
        if (act) return act(std::move(request));
        kept.push_back(std::move(request));
        arrived.wake_all();
    }
    std::function<void(Request)> act;
    std::deque<Request> kept;
    size_t seen = 0;
    WaitQueue arrived;
};

class DevTransportTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(
            ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()),
            0);
    }
    void TearDown() override { ::close(ends_[0]); }

    int kernel() const { return ends_[1]; }
    int device() const { return ends_[0]; }
    void send(const Message& message) const {
        ASSERT_EQ(::write(kernel(), message.data(), message.size()),
                  static_cast<ssize_t>(message.size()));
    }
    /// The next reply; no bytes if there is none yet.
    Message receive() const {
        Message message(4096);
        const ssize_t length = ::read(kernel(), message.data(), message.size());
        message.resize(length < 0 ? 0 : static_cast<size_t>(length));
        return message;
    }
    void expect_reply(uint64_t unique, int error, size_t length) const {
        const Message reply = receive();
        fuse_out_header header{};
        ASSERT_EQ(reply.size(), sizeof header + length);
        std::memcpy(&header, reply.data(), sizeof header);
        EXPECT_EQ(header.len, reply.size());
        EXPECT_EQ(header.unique, unique);
        EXPECT_EQ(header.error, -error);
    }
    void hang_up() const { ::close(kernel()); }

    std::array<int, 2> ends_{};
    Reactor reactor_;
    Keeper keeper_;
};

Task<void> serve_all(DevTransport& transport, Keeper& keeper) { co_await transport.serve(keeper); }

TEST_F(DevTransportTest, TheDataOfAWriteBeginsWithAPage) {
    DevTransport transport(reactor_.ring(), device(), kTransfer);
    send(write_message(2, 0, Message(100, std::byte{0x5a})));
    keeper_.act = [this](Request request) {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(request.data().data()) % 4096, 0U);
        EXPECT_EQ(request.message().data() + 80, request.data().data());
        EXPECT_EQ(request.data()[99], std::byte{0x5a});
        hang_up();
    };
    reactor_.run(serve_all(transport, keeper_));
    EXPECT_EQ(keeper_.seen, 1U);
}

TEST_F(DevTransportTest, RepliesCarryTheNumberOfTheirRequest) {
    DevTransport transport(reactor_.ring(), device(), kTransfer);
    send(read_message(2, 0, 5, 7));
    send(read_message(2, 0, 5, 8));
    keeper_.act = [this](Request request) {
        keeper_.kept.push_back(std::move(request));
        if (keeper_.seen < 2) return;
        std::move(keeper_.kept.back()).fail(EIO);
        std::move(keeper_.kept.front()).reply(5);
        keeper_.kept.clear();
        expect_reply(8, EIO, 0);
        expect_reply(7, 0, 5);
        hang_up();
    };
    reactor_.run(serve_all(transport, keeper_));
    EXPECT_EQ(keeper_.seen, 2U);
}

Task<void> fill_and_drain(DevTransport& transport, Keeper& keeper, std::function<void()> hang_up) {
    TaskGroup serving;
    serving.spawn(transport.serve(keeper));
    while (keeper.seen < 3) co_await keeper.arrived.wait();
    EXPECT_EQ(keeper.seen, 3U);
    std::move(keeper.kept.front()).fail(EIO);
    keeper.kept.pop_front();
    co_await keeper.arrived.wait();
    EXPECT_EQ(keeper.seen, 4U);
    std::move(keeper.kept.front()).fail(EIO);
    keeper.kept.pop_front();
    co_await keeper.arrived.wait();
    EXPECT_EQ(keeper.seen, 5U);
    keeper.kept.clear();
    hang_up();
    co_await serving.join();
}

TEST_F(DevTransportTest, NoMoreThanTheLimitAreUnderWayAndOneThatEndsLetsTheNextIn) {
    DevTransport transport(reactor_.ring(), device(), kTransfer, 3);
    for (uint64_t unique = 1; unique <= 5; ++unique) send(read_message(2, 0, 5, unique));
    reactor_.run(fill_and_drain(transport, keeper_, [this] { hang_up(); }));
}

Task<void> answer_together(DevTransport& transport, Keeper& keeper,
                           std::function<void()> check_replies) {
    TaskGroup serving;
    serving.spawn(transport.serve(keeper));
    while (keeper.seen < 4) co_await keeper.arrived.wait();
    for (Request& request : keeper.kept) std::move(request).reply(5);
    keeper.kept.clear();
    co_await transport.join();
    check_replies();
    co_await serving.join();
}

TEST_F(DevTransportTest, RepliesToABatchOfRequestsAreSentTogether) {
    DevTransport transport(reactor_.ring(), device(), kTransfer);
    for (uint64_t unique = 1; unique <= 4; ++unique) send(read_message(2, 0, 5, unique));
    reactor_.run(answer_together(transport, keeper_, [this] {
        for (uint64_t unique = 1; unique <= 4; ++unique) expect_reply(unique, 0, 5);
        hang_up();
    }));
}

TEST_F(DevTransportTest, AFloodOfRequestsLetsOtherWorkRun) {
    DevTransport transport(reactor_.ring(), device(), kTransfer);
    for (uint64_t unique = 1; unique <= 100; ++unique) send(read_message(2, 0, 5, unique));
    size_t seen_at_other_work = 0;
    struct Other final : Completion {
        void complete(int32_t) override { *at = keeper->seen; }
        size_t* at;
        Keeper* keeper;
    } other;
    other.at = &seen_at_other_work;
    other.keeper = &keeper_;
    keeper_.act = [this, &other](Request) {
        if (keeper_.seen == 1) reactor_.ring().poll(kernel(), POLLOUT, other);
        if (keeper_.seen == 100) hang_up();
    };
    reactor_.run(serve_all(transport, keeper_));
    EXPECT_EQ(keeper_.seen, 100U);
    EXPECT_GT(seen_at_other_work, 0U);
    EXPECT_LT(seen_at_other_work, 100U);
}

TEST_F(DevTransportTest, ARequestThatIsDroppedGivesItsMemoryBack) {
    DevTransport transport(reactor_.ring(), device(), kTransfer, 1);
    for (uint64_t unique = 1; unique <= 10; ++unique) send(read_message(2, 0, 5, unique));
    keeper_.act = [this](Request) {
        if (keeper_.seen == 10) hang_up();
    };
    reactor_.run(serve_all(transport, keeper_));
    EXPECT_EQ(keeper_.seen, 10U);
}

}  // namespace
}  // namespace s3b::fusell
