// SPDX-License-Identifier: Apache-2.0
// Transfers against answers that no decent server gives: a scripted socket sends them.
#include "net/transfer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/reactor/reactor.h"
#include "tests/net/scripted_peer.h"
#include "tests/net/store_steps.h"

namespace s3b::net {
namespace {

class TransferTest : public ::testing::Test {
protected:
    TransferTest() {
        initialise_curl();
        settings_.lanes = 2;
        settings_.user_agent = "test";
    }
    /// What `request` ends with if it is answered by `answer`.
    Result<HttpReply> exchange(HttpRequest request, const std::string& answer) {
        static constexpr auto kSend = [](Transfer& transfer, const HttpRequest& whole,
                                         Result<HttpReply>& outcome) -> Task<void> {
            const Transfer::Place place = co_await transfer.place();
            outcome = co_await transfer.send(place, whole);
        };
        ScriptedPeer peer([&](PeerConnection& connection) {
            head_ = connection.read_head();
            sent_ = connection.read_body(request.body.size());
            connection.send(answer);
        });
        Transfer transfer(reactor_.ring(), settings_, TrustStore(), counters_);
        request.url = peer.url();
        Result<HttpReply> outcome = HttpReply();
        reactor_.run(kSend(transfer, request, outcome));
        peer.join();
        return outcome;
    }
    /// What a GET of up to 64 bytes that is answered by `answer` ends with.
    Result<HttpReply> get(const std::string& answer) {
        HttpRequest request;
        request.into = into_;
        return exchange(request, answer);
    }
    /// What a GET of a document of up to 64 bytes that is answered by `answer` ends with.
    Result<HttpReply> get_document(const std::string& answer) {
        HttpRequest request;
        request.document = &document_;
        request.document_limit = 64;
        return exchange(request, answer);
    }
    /// What a GET of up to 64 plain or 128 encoded bytes that is answered by `answer` ends with.
    Result<HttpReply> get_either(const std::string& answer, bool encoded_without_header = false) {
        std::ranges::fill(into_, std::byte{'.'});
        std::ranges::fill(encoded_, std::byte{'.'});
        HttpRequest request;
        request.into = into_;
        request.encoded_into = encoded_;
        request.encoded_without_header = encoded_without_header;
        return exchange(request, answer);
    }
    /// EXPECTs a body in the one memory, and nothing in the other one.
    void expect_either(const Result<HttpReply>& reply, const std::string& plain,
                       const std::string& encoded) {
        expect_ok(reply);
        if (!reply.has_value()) return;
        EXPECT_EQ(reply->encoded, plain.empty());
        EXPECT_EQ(reply->received.value, plain.size() + encoded.size());
        expect_memory(plain, encoded);
    }
    void expect_memory(const std::string& plain, const std::string& encoded) {
        EXPECT_EQ(text(into_.size()), plain + std::string(into_.size() - plain.size(), '.'));
        const std::string all(reinterpret_cast<const char*>(encoded_.data()), encoded_.size());
        EXPECT_EQ(all, encoded + std::string(encoded_.size() - encoded.size(), '.'));
    }
    std::string text(size_t length) const {
        return std::string(reinterpret_cast<const char*>(into_.data()), length);
    }

    Reactor reactor_;
    TransferSettings settings_;
    StoreCounters counters_;
    std::string head_;  // of the request, as the server got it
    std::string sent_;  // its body
    std::string document_ = "before ";
    std::vector<std::byte> into_ = std::vector<std::byte>(64, std::byte{'.'});
    std::vector<std::byte> encoded_ = std::vector<std::byte>(128, std::byte{'.'});
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
    EXPECT_FALSE(reply->encoded);
    EXPECT_EQ(text(4), "abc.");
    EXPECT_EQ(reply->headers.meta.content_encoding, "deflate");
}

constexpr const char* kPlain = "HTTP/1.1 200 OK\r\n";
constexpr const char* kEncoded = "HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n";

/// The rest of an answer whose body is `body`.
std::string announced(const std::string& body) {
    return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(TransferTest, AnEncodedBodyHasMemoryOfItsOwn) {
    const std::string plain(64, 'p');
    const std::string encoded(128, 'e');
    expect_either(get_either(kPlain + announced(plain)), plain, "");
    expect_either(get_either(kEncoded + announced(encoded)), "", encoded);
}

TEST_F(TransferTest, ABodyMayCountAsEncodedWithoutAHeaderThatSaysSo) {
    const std::string body(100, 'e');
    expect_either(get_either(kPlain + announced(body), true), "", body);
    HttpRequest request;
    request.into = into_;
    request.encoded_without_header = true;
    const auto reply = exchange(request, kPlain + announced("abc"));
    ASSERT_TRUE(reply.has_value());
    EXPECT_FALSE(reply->encoded);
    EXPECT_EQ(text(4), "abc.");
}

TEST_F(TransferTest, EachMemoryIsALimitOfItsOwn) {
    for (const auto& [head, limit] : {std::pair(kPlain, 64), std::pair(kEncoded, 128)}) {
        const std::string body(static_cast<size_t>(limit) + 1, 'x');
        expect_error(get_either(head + announced(body)), Errc::BadReply);
        expect_memory("", "");
        expect_error(get_either(std::string(head) + "\r\n" + body), Errc::BadReply);
        expect_error(get_either(std::string(head) + "\r\n" + std::string(100000, 'x')),
                     Errc::BadReply);
    }
}

TEST_F(TransferTest, TheHeadersOfTheFinalAnswerSayWhereTheBodyGoes) {
    const std::string interim = "HTTP/1.1 100 Continue\r\n";
    const std::string encoding = "Content-Encoding: deflate\r\n";
    expect_either(get_either(interim + encoding + "\r\n" + kPlain + announced("abc")), "abc", "");
    expect_either(get_either(interim + "\r\n" + kEncoded + announced("abc")), "", "abc");
}

TEST_F(TransferTest, WhatFollowsTheBodySaysNothing) {
    const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n";
    for (const std::string trailer : {"Content-Encoding:", "Other: thing"}) {
        SCOPED_TRACE(trailer);
        expect_either(get_either(kEncoded + chunked + trailer + "\r\n\r\n"), "", "abc");
    }
    const auto reply = get_either(kPlain + chunked + "Content-Encoding: deflate\r\n\r\n");
    expect_either(reply, "abc", "");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->headers.meta.content_encoding, "");
    std::string endless = kPlain + chunked;
    for (int i = 0; i < 1000; ++i) endless += "X-Trailer: y\r\n";
    expect_error(get_either(endless + "\r\n"), Errc::BadReply);
}

TEST_F(TransferTest, AnErrorDocumentGoesToNeitherMemory) {
    const auto reply =
        get_either("HTTP/1.1 404 No\r\nContent-Encoding: gzip\r\n" + announced("<Code>X</Code>"));
    ASSERT_TRUE(reply.has_value());
    EXPECT_FALSE(reply->encoded);
    EXPECT_EQ(reply->error_body, "<Code>X</Code>");
    expect_memory("", "");
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

TEST_F(TransferTest, ADocumentIsAppended) {
    const auto reply = get_document("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->received.value, 3U);
    EXPECT_EQ(document_, "before abc");
    const auto chunked = get_document(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n");
    ASSERT_TRUE(chunked.has_value());
    EXPECT_EQ(document_, "before abcdef");
}

TEST_F(TransferTest, ADocumentAnnouncedAsTooLongIsRefusedBeforeMemoryIsTaken) {
    const size_t capacity = document_.capacity();
    const auto reply = get_document("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc");
    expect_error(reply, Errc::BadReply);
    EXPECT_EQ(document_, "before ");
    EXPECT_EQ(document_.capacity(), capacity);
}

TEST_F(TransferTest, ADocumentNeverGrowsBeyondItsLimit) {
    const std::string full(64, 'y');
    ASSERT_TRUE(get_document("HTTP/1.1 200 OK\r\n\r\n" + full).has_value());
    EXPECT_EQ(document_, "before " + full);
    expect_error(get_document("HTTP/1.1 200 OK\r\n\r\n" + std::string(100000, 'x')),
                 Errc::BadReply);
    EXPECT_LE(document_.size(), 7 + full.size() + 64);
}

TEST_F(TransferTest, AnErrorDocumentDoesNotGoIntoTheDocument) {
    const auto reply = get_document("HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nabc");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(document_, "before ");
    EXPECT_EQ(reply->error_body, "abc");
}

TEST_F(TransferTest, APostSendsItsBodyAndKeepsTheAnswer) {
    const std::string body = "<Delete/>";
    HttpRequest request;
    request.method = Method::Post;
    request.body = std::as_bytes(std::span(body));
    request.document = &document_;
    request.document_limit = 64;
    const auto reply = exchange(request, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<Result/>");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(head_.substr(0, 17), "POST /x HTTP/1.1\r");
    EXPECT_NE(head_.find("Content-Length: 9\r\n"), std::string::npos);
    EXPECT_EQ(head_.find("Content-Type"), std::string::npos) << head_;
    EXPECT_EQ(sent_, body);
    EXPECT_EQ(document_, "before <Result/>");
}

TEST_F(TransferTest, ATypeOfTheBodyIsSentAsGiven) {
    HttpRequest request;
    request.method = Method::Post;
    request.headers.emplace_back("Content-Type", "application/xml");
    expect_ok(exchange(request, "HTTP/1.1 204 No Content\r\n\r\n"));
    EXPECT_NE(head_.find("Content-Type: application/xml\r\n"), std::string::npos) << head_;
    EXPECT_EQ(head_.find("form"), std::string::npos) << head_;
}

TEST_F(TransferTest, APostThatWasSentWholeWithoutAnAnswerHasAnUnknownOutcome) {
    HttpRequest request;
    request.method = Method::Post;
    expect_error(exchange(request, ""), Errc::OutcomeUnknown);
}

TEST_F(TransferTest, AnErrorDocumentUnderStatus200OfAPutIsKept) {
    const std::string document = "<Error><Code>InternalError</Code></Error>";
    HttpRequest request;
    request.method = Method::Put;
    const auto reply =
        exchange(request, "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + document);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->received.value, 0U);
    EXPECT_EQ(reply->error_body, document);
}

TEST_F(TransferTest, ARedirectIsAnAnswerLikeAnyOther) {
    const auto reply =
        get("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\n"
            "Content-Length: 0\r\n\r\n");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 307);
    EXPECT_EQ(reply->headers.location, "http://127.0.0.1:1/");
}

TEST_F(TransferTest, OtherProtocolsAreRefused) {
    static constexpr auto kSend = [](Transfer& transfer, const HttpRequest& whole,
                                     Result<HttpReply>& outcome) -> Task<void> {
        const Transfer::Place place = co_await transfer.place();
        outcome = co_await transfer.send(place, whole);
    };
    Transfer transfer(reactor_.ring(), settings_, TrustStore(), counters_);
    HttpRequest request;
    request.into = into_;
    for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"}) {
        request.url = url;
        Result<HttpReply> outcome = HttpReply();
        reactor_.run(kSend(transfer, request, outcome));
        expect_error(outcome, Errc::BadReply);
    }
    EXPECT_EQ(text(3), "...");
}

}  // namespace
}  // namespace s3b::net
