// SPDX-License-Identifier: Apache-2.0
// What a caller and the settings do to exchanges under way: cancelling, rates, connections.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <semaphore>

#include "engine/reactor/task_group.h"
#include "net/transfer.h"
#include "tests/net/scripted_peer.h"
#include "tests/net/store_steps.h"

namespace s3b::net {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kSpeed = 512 * 1024;  // bytes a second
constexpr const char* kHead64 = "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n";

Task<void> send_into(Transfer& transfer, const HttpRequest& request, Exchange* exchange,
                     Result<HttpReply>& outcome) {
    const Transfer::Place place = co_await transfer.place();
    outcome = co_await transfer.send(place, request, exchange);
}

class TransferControlTest : public ::testing::Test {
protected:
    TransferControlTest() {
        initialise_curl();
        settings_.lanes = 1;
        request_.into = into_;
    }
    Transfer& transfer() {
        if (!transfer_) {
            transfer_ =
                std::make_unique<Transfer>(reactor_.ring(), settings_, TrustStore(), counters_);
        }
        return *transfer_;
    }
    /// What a GET from `peer` ends with.
    Result<HttpReply> get(const ScriptedPeer& peer) {
        request_.url = peer.url();
        Result<HttpReply> outcome = HttpReply();
        reactor_.run(send_into(transfer(), request_, nullptr, outcome));
        return outcome;
    }
    /// The same, but the rates are looked at twice as soon as `begun`, then `release` is given.
    Result<HttpReply> get_watched(const ScriptedPeer& peer, PostedEvent& begun,
                                  std::binary_semaphore& release) {
        static constexpr auto kWatch = [](TaskGroup& group, Transfer& transfer, PostedEvent& due,
                                          std::span<const std::byte> into,
                                          std::binary_semaphore& next) -> Task<void> {
            co_await due.wait();
            while (!into.empty() && into[0] == std::byte{'.'}) {
                co_await yield();
            }
            transfer.end_slow();
            transfer.end_slow();
            next.release();
            co_await group.join();
        };
        request_.url = peer.url();
        Result<HttpReply> outcome = HttpReply();
        TaskGroup group;
        group.spawn(send_into(transfer(), request_, nullptr, outcome));
        // The first byte of an answer: once it is here, the body is on its way.
        const std::span<const std::byte> awaited = request_.method == Method::Get
                                                       ? std::span<const std::byte>(into_)
                                                       : std::span<const std::byte>();
        reactor_.run(kWatch(group, transfer(), begun, awaited, release));
        return outcome;
    }

    Reactor reactor_;
    TransferSettings settings_;
    StoreCounters counters_;
    HttpRequest request_;
    std::vector<std::byte> into_ = std::vector<std::byte>(64, std::byte{'.'});
    std::unique_ptr<Transfer> transfer_;
};

TEST_F(TransferControlTest, ACancelledExchangeEndsAtOnceAndItsBufferIsLeftAlone) {
    static constexpr auto kRun = [](TaskGroup& group, PostedEvent& half_sent,
                                    Exchange& exchange) -> Task<void> {
        co_await half_sent.wait();
        exchange.cancel();
        co_await group.join();
    };
    PostedEvent half_sent(reactor_);
    std::binary_semaphore go_on(0);
    ScriptedPeer peer(
        [&](PeerConnection& connection) {
            if (connection.read_head().starts_with("HEAD")) {  // the second one
                connection.send("HTTP/1.1 204 No Content\r\n\r\n");
                return;
            }
            connection.send(kHead64 + std::string(32, 'a'));
            half_sent.set();
            go_on.acquire();
            connection.send(std::string(32, 'b'));
            connection.wait_closed();
        },
        2);
    request_.url = peer.url();
    Result<HttpReply> outcome = HttpReply();
    Exchange exchange;
    TaskGroup group;
    group.spawn(send_into(transfer(), request_, &exchange, outcome));
    reactor_.run(kRun(group, half_sent, exchange));
    expect_error(outcome, Errc::Cancelled);
    std::ranges::fill(into_, std::byte{'#'});
    go_on.release();
    HttpRequest next;
    next.method = Method::Head;
    next.url = peer.url();
    reactor_.run(send_into(transfer(), next, nullptr, outcome));
    expect_ok(outcome);
    EXPECT_EQ(into_, std::vector<std::byte>(64, std::byte{'#'}));
}

TEST_F(TransferControlTest, AnExchangeCancelledBeforeItsStartIsNotSent) {
    request_.url = "http://127.0.0.1:1/x";
    Result<HttpReply> outcome = HttpReply();
    Exchange exchange;
    exchange.cancel();
    reactor_.run(send_into(transfer(), request_, &exchange, outcome));
    expect_error(outcome, Errc::Cancelled);
    EXPECT_EQ(counters_.handles_created, 0U);
}

TEST_F(TransferControlTest, CancellingAfterTheEndChangesNothing) {
    ScriptedPeer peer([](PeerConnection& connection) {
        connection.read_head();
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    request_.url = peer.url();
    Result<HttpReply> outcome = HttpReply();
    Exchange exchange;
    reactor_.run(send_into(transfer(), request_, &exchange, outcome));
    exchange.cancel();
    expect_ok(outcome);
}

TEST_F(TransferControlTest, ExchangesCancelledWhileTheyWaitToStartAreNotStarted) {
    static constexpr auto kRun = [](TaskGroup& group, std::deque<Exchange>& all) -> Task<void> {
        for (Exchange& exchange : all) exchange.cancel();
        co_await group.join();
    };
    // More than are started in one turn, all cancelled in that turn.
    constexpr size_t kMany = 2 * Transfer::kStartsPerTurn;
    settings_.lanes = kMany;
    request_.url = "http://127.0.0.1:1/x";
    std::deque<Exchange> exchanges(kMany);
    std::vector<Result<HttpReply>> outcomes(kMany, HttpReply());
    TaskGroup group;
    for (size_t i = 0; i < kMany; ++i) {
        group.spawn(send_into(transfer(), request_, &exchanges[i], outcomes[i]));
    }
    reactor_.run(kRun(group, exchanges));
    for (const auto& outcome : outcomes) expect_error(outcome, Errc::Cancelled);
}

TEST_F(TransferControlTest, APlaceIsTriedForWithoutWaiting) {
    std::optional<Transfer::Place> first = transfer().try_place();
    EXPECT_TRUE(first.has_value());
    EXPECT_FALSE(transfer().try_place().has_value());
    first.reset();
    EXPECT_TRUE(transfer().try_place().has_value());
}

TEST_F(TransferControlTest, AnAnswerThatStallsEndsAsTooSlow) {
    settings_.slow_period = milliseconds(20);
    ScriptedPeer peer([](PeerConnection& connection) {
        connection.read_head();
        connection.send(kHead64 + std::string("a"));
        connection.wait_closed();
    });
    const auto outcome = get(peer);
    expect_error(outcome, Errc::Timeout);
    EXPECT_STREQ(outcome.error().what, "the transfer is too slow");
    EXPECT_EQ(counters_.timeouts, 1U);
    transfer_.reset();  // the connection is closed when the ring is served
}

TEST_F(TransferControlTest, AnUploadThatStallsEndsAsTooSlow) {
    settings_.slow_period = milliseconds(20);
    std::binary_semaphore ended(0);
    ScriptedPeer peer([&ended](PeerConnection& connection) {
        connection.read_head();
        ended.acquire();
    });
    const std::vector<std::byte> body(32 << 20);  // more than the buffers of a connection hold
    request_.method = Method::Put;
    request_.body = body;
    const auto outcome = get(peer);
    ended.release();
    expect_error(outcome, Errc::Timeout);
    EXPECT_STREQ(outcome.error().what, "the transfer is too slow");
}

TEST_F(TransferControlTest, WaitingForTheFirstByteIsNotSlow) {
    PostedEvent begun(reactor_);
    std::binary_semaphore release(0);
    ScriptedPeer peer([&](PeerConnection& connection) {
        connection.read_head();
        connection.read_body(3);
        begun.set();
        release.acquire();
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    const std::string body = "abc";
    request_.method = Method::Put;
    request_.body = std::as_bytes(std::span(body));
    expect_ok(get_watched(peer, begun, release));
}

TEST_F(TransferControlTest, ATransferThatWeSlowDownIsNotTooSlow) {
    for (const uint64_t speed : {Lane::kSlowestLimit - 1, Lane::kSlowestLimit}) {
        settings_.download_speed = ByteCount(speed);
        PostedEvent begun(reactor_);
        std::binary_semaphore release(0);
        ScriptedPeer peer([&](PeerConnection& connection) {
            connection.read_head();
            connection.send(kHead64 + std::string("a"));
            begun.set();
            release.acquire();
            connection.send(std::string(63, 'b'));
        });
        const auto outcome = get_watched(peer, begun, release);
        if (speed < Lane::kSlowestLimit) {
            expect_ok(outcome);
        } else {
            expect_error(outcome, Errc::Timeout);
        }
        transfer_.reset();
        std::ranges::fill(into_, std::byte{'.'});
    }
}

TEST_F(TransferControlTest, ADownloadKeepsToItsSpeed) {
    settings_.download_speed = ByteCount(kSpeed);
    into_.resize(kSpeed / 2);  // libcurl counts from the second part on, of four here
    request_.into = into_;
    ScriptedPeer peer([](PeerConnection& connection) {
        connection.read_head();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 262144\r\n\r\n" +
                        std::string(262144, 'x'));
    });
    const Instant begin = SystemClock().now();
    const auto outcome = get(peer);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->received.value, into_.size());
    EXPECT_GT(SystemClock().now() - begin, milliseconds(100));
}

TEST_F(TransferControlTest, AnUploadKeepsToItsSpeed) {
    settings_.upload_speed = ByteCount(kSpeed);
    const std::vector<std::byte> body(kSpeed);
    request_.method = Method::Put;
    request_.body = body;
    ScriptedPeer peer([](PeerConnection& connection) {
        connection.read_head();
        EXPECT_EQ(connection.read_body(kSpeed).size(), kSpeed);
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    const Instant begin = SystemClock().now();
    expect_ok(get(peer));
    EXPECT_GT(SystemClock().now() - begin, milliseconds(100));
}

TEST_F(TransferControlTest, AConnectionIsUsedAgain) {
    ScriptedPeer peer([](PeerConnection& connection) {
        while (!connection.read_head().empty()) {
            connection.send("HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    expect_ok(get(peer));
    expect_ok(get(peer));
    transfer_.reset();
}

TEST_F(TransferControlTest, CookiesAreNotKept) {
    std::string heads;
    ScriptedPeer peer([&heads](PeerConnection& connection) {
        for (std::string head; !(head = connection.read_head()).empty(); heads += head) {
            connection.send("HTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\n\r\n");
        }
    });
    expect_ok(get(peer));
    expect_ok(get(peer));
    transfer_.reset();
    peer.join();
    EXPECT_EQ(heads.find("Cookie"), std::string::npos) << heads;
}

TEST_F(TransferControlTest, AFreshConnectionIsClosedAfterItsExchange) {
    settings_.fresh_connections = true;
    // It serves a second connection only after the first one has been closed.
    ScriptedPeer peer(
        [](PeerConnection& connection) {
            connection.read_head();
            connection.send("HTTP/1.1 204 No Content\r\n\r\n");
            EXPECT_EQ(connection.read_head(), "");
        },
        2);
    expect_ok(get(peer));
    expect_ok(get(peer));
}

TEST_F(TransferControlTest, AReadThatIsRepeatedOnAnotherConnectionGoesWhereTheLastAnswerSays) {
    int connections = 0;
    ScriptedPeer peer(
        [&connections](PeerConnection& connection) {
            connection.read_head();
            const bool first = ++connections == 1;
            connection.send(first ? "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n"
                                    "Content-Length: 3\r\n\r\nabc"
                                  : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz");
            if (first) connection.read_head();  // and closes instead of an answer
        },
        2);
    std::vector<std::byte> encoded(64);
    request_.encoded_into = encoded;
    const auto before = get(peer);
    ASSERT_TRUE(before.has_value());
    EXPECT_TRUE(before->encoded);
    EXPECT_EQ(encoded[2], std::byte{'c'});
    EXPECT_EQ(into_[0], std::byte{'.'});
    const auto after = get(peer);
    ASSERT_TRUE(after.has_value());
    EXPECT_FALSE(after->encoded);
    EXPECT_EQ(into_[0], std::byte{'x'});
    EXPECT_EQ(encoded[2], std::byte{'c'});
    peer.join();
    EXPECT_EQ(connections, 2);
}

/// A socket of this process whose peer is 127.0.0.1:`port`; -1 if there is none.
int socket_to(int port) {
    for (int fd = 0; fd < 256; ++fd) {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) continue;
        if (address.sin_family == AF_INET && ntohs(address.sin_port) == port) return fd;
    }
    return -1;
}

TEST_F(TransferControlTest, PacketsCarryTheTypeOfService) {
    settings_.ip_tos = uint8_t{0x10};
    ScriptedPeer peer([](PeerConnection& connection) {
        while (!connection.read_head().empty()) {
            connection.send("HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    expect_ok(get(peer));
    int tos = 0;
    socklen_t length = sizeof tos;
    EXPECT_EQ(getsockopt(socket_to(peer.port()), IPPROTO_IP, IP_TOS, &tos, &length), 0);
    EXPECT_EQ(tos, 0x10);
    transfer_.reset();
}

}  // namespace
}  // namespace s3b::net
