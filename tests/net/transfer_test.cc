// SPDX-License-Identifier: Apache-2.0
// Transfers against answers that no decent server gives: a scripted socket sends them.
#include "net/transfer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "engine/reactor/reactor.h"
#include "tests/net/store_steps.h"

namespace s3b::net {
namespace {

/// Accepts one connection, reads the head of one request, sends `answer`, closes.
class ScriptedServer {
public:
    explicit ScriptedServer(std::string answer)
        : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        CHECK(bind(socket_, generic, length) == 0);
        CHECK(listen(socket_, 1) == 0);
        CHECK(getsockname(socket_, generic, &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, text = std::move(answer)] { serve(text); });
    }
    ~ScriptedServer() {
        thread_.join();
        close(socket_);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/x"; }

private:
    void serve(const std::string& answer) const {
        const int fd = accept(socket_, nullptr, nullptr);
        std::string request;
        char part[1024];
        while (request.find("\r\n\r\n") == std::string::npos) {
            const ssize_t count = recv(fd, part, sizeof part, 0);
            if (count <= 0) break;
            request.append(part, static_cast<size_t>(count));
        }
        size_t sent = 0;
        while (sent < answer.size()) {
            const ssize_t count =
                send(fd, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) break;  // refused by our side, as some of these answers must be
            sent += static_cast<size_t>(count);
        }
        close(fd);
    }

    int socket_;
    int port_ = 0;
    std::thread thread_;
};

class TransferTest : public ::testing::Test {
protected:
    TransferTest() {
        initialise_curl();
        settings_.lanes = 2;
        settings_.user_agent = "test";
    }
    /// What a GET of up to 64 bytes that is answered by `answer` ends with.
    Result<HttpReply> get(const std::string& answer) {
        static constexpr auto kGet = [](Transfer& transfer, const HttpRequest& request,
                                        Result<HttpReply>& outcome) -> Task<void> {
            const Transfer::Place place = co_await transfer.place();
            outcome = co_await transfer.send(place, request);
        };
        const ScriptedServer server(answer);
        Transfer transfer(reactor_.ring(), settings_, TrustStore(), counters_);
        HttpRequest request;
        request.url = server.url();
        request.into = into_;
        Result<HttpReply> outcome = HttpReply();
        reactor_.run(kGet(transfer, request, outcome));
        return outcome;
    }
    std::string text(size_t length) const {
        return std::string(reinterpret_cast<const char*>(into_.data()), length);
    }

    Reactor reactor_;
    TransferSettings settings_;
    StoreCounters counters_;
    std::vector<std::byte> into_ = std::vector<std::byte>(64, std::byte{'.'});
};

TEST_F(TransferTest, APlainAnswer) {
    const auto reply = get("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->received.value, 3U);
    EXPECT_EQ(text(4), "abc.");
}

TEST_F(TransferTest, AChunkedAnswer) {
    const auto reply =
        get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->received.value, 3U);
    EXPECT_EQ(text(4), "abc.");
}

TEST_F(TransferTest, AnEncodedBodyIsLeftAsItIs) {
    const auto reply =
        get("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 3\r\n\r\nabc");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(text(4), "abc.");
    EXPECT_EQ(reply->headers.meta.content_encoding, "deflate");
}

TEST_F(TransferTest, AnAnnouncedLengthAboveTheLimitIsRefusedBeforeAnyByte) {
    const auto reply = get("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\nabc");
    expect_error(reply, Errc::BadReply);
    EXPECT_EQ(text(3), "...");
}

TEST_F(TransferTest, AnUnannouncedLengthAboveTheLimitIsRefusedWithoutOverflow) {
    const auto reply = get("HTTP/1.1 200 OK\r\n\r\n" + std::string(100000, 'x'));
    expect_error(reply, Errc::BadReply);
}

TEST_F(TransferTest, ABodyCutShortIsAnError) {
    expect_error(get("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"), Errc::ServerError);
    EXPECT_EQ(counters_.other_transfer_error, 1U);
}

TEST_F(TransferTest, TooManyHeadersAreRefused) {
    std::string answer = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 1000; ++i) answer += "X-Header: y\r\n";
    expect_error(get(answer + "\r\n"), Errc::BadReply);
}

TEST_F(TransferTest, AnEndlessRowOfInterimAnswersIsRefused) {
    std::string answer;
    for (int i = 0; i < 1000; ++i) answer += "HTTP/1.1 100 Continue\r\n\r\n";
    expect_error(get(answer), Errc::BadReply);
}

TEST_F(TransferTest, WhatIsNoHttpIsRefused) {
    const auto reply = get("this is no HTTP\r\n\r\n");
    expect_error(reply, Errc::BadReply);
}

TEST_F(TransferTest, NoAnswerAtAllIsAServerError) { expect_error(get(""), Errc::ServerError); }

TEST_F(TransferTest, TheStartOfAnErrorDocumentIsKept) {
    const std::string document = "<Code>X</Code>" + std::string(5000, 'z');
    const auto reply = get("HTTP/1.1 503 No\r\nContent-Length: 5014\r\n\r\n" + document);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 503);
    EXPECT_EQ(reply->error_body, document.substr(0, Lane::kKeptErrorBody));
    EXPECT_EQ(text(3), "...");
}

}  // namespace
}  // namespace s3b::net
