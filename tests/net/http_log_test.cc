// SPDX-License-Identifier: Apache-2.0
// What --debug-http shows, and above all what it does not.
#include "net/http_log.h"

#include <gtest/gtest.h>

#include "net/transfer.h"
#include "tests/net/scripted_peer.h"

namespace s3b::net {
namespace {

constexpr const char* kCanary = "CANARY-7f3a";

bool shows(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Redacted, HeadersWithSecretsLoseTheirValue) {
    for (const char* name :
         {"x-amz-security-token", "X-Amz-Security-Token", "Cookie", "Set-Cookie",
          "X-aws-ec2-metadata-token", "x-amz-server-side-encryption-customer-key",
          "x-amz-server-side-encryption-customer-key-MD5",
          "x-amz-copy-source-server-side-encryption-customer-key", "Proxy-Authorization",
          "AUTHORIZATION", "authorization"}) {
        for (const std::string& value :
             {std::string(kCanary), std::string("Basic ") + kCanary,
              std::string("AWS ID:") + kCanary,
              std::string("AWS4-HMAC-SHA256 Credential=ID/x, Signature=") + kCanary}) {
            const std::string line = redacted(std::string(name) + ":" + value);
            EXPECT_FALSE(shows(line, kCanary)) << line;
            EXPECT_TRUE(line.starts_with(name)) << line;
        }
    }
}

TEST(Redacted, AnAuthorizationKeepsItsSchemeAndCredential) {
    EXPECT_EQ(redacted("Authorization: AWS4-HMAC-SHA256 Credential=AK/20240102/r/s3/aws4_request,"
                       " SignedHeaders=host;x-amz-date, Signature=0123"),
              "Authorization: AWS4-HMAC-SHA256 Credential=AK/20240102/r/s3/aws4_request, (hidden)");
    EXPECT_EQ(redacted("Authorization: AWS AK:c2ln"), "Authorization: AWS (hidden)");
}

TEST(Redacted, UrlsLoseWhatSignsThem) {
    EXPECT_EQ(redacted("GET /b/k?X-Amz-Credential=AK%2F1&x-id=1&X-Amz-Security-Token=T%3D&"
                       "x-amz-signature=ab&list-type=2 HTTP/1.1"),
              "GET /b/k?X-Amz-Credential=(hidden)&x-id=1&X-Amz-Security-Token=(hidden)&"
              "x-amz-signature=(hidden)&list-type=2 HTTP/1.1");
    EXPECT_EQ(redacted("Location: http://h/?AWSAccessKeyId=AK&Expires=1&Signature=ab%2Bc%3D"),
              "Location: http://h/?AWSAccessKeyId=(hidden)&Expires=1&Signature=(hidden)");
    EXPECT_EQ(redacted("Uses proxy http://me:pass@word@proxy:3128/ for it"),
              "Uses proxy http://(hidden)@proxy:3128/ for it");
}

TEST(Redacted, OtherLinesStayAsTheyAre) {
    for (const char* line :
         {"HTTP/1.1 200 OK", "ETag: \"3e8de081929407bda9634b2213adc73e\"", "", ":",
          "x-amz-server-side-encryption: AES256", "x-amz-server-side-encryption-customer-algorithm",
          "Host: mybucket.s3.amazonaws.com", "Connected to 127.0.0.1 (127.0.0.1) port 9000 (#0)",
          "X-aws-ec2-metadata-token-ttl-seconds: 21600"}) {
        EXPECT_EQ(redacted(line), line);
    }
}

TEST(Redacted, LongLinesAreCut) {
    EXPECT_EQ(redacted(std::string(5000, 'x')).size(), kMaxLoggedLine);
}

TEST(HttpLog, TheRestOfALineThatWasSentInPartsIsLeftOut) {
    ::testing::internal::CaptureStderr();
    HttpLog log(3);
    log.take(CURLINFO_HEADER_OUT, "GET / HTTP/1.1\r\nx-amz-secur");
    log.take(CURLINFO_HEADER_OUT, "ity-token: CANARY");
    log.take(CURLINFO_HEADER_OUT, "-7f3a\r\nHost: shown\r\n\r\n");
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_FALSE(shows(text, "CANARY"));
    EXPECT_FALSE(shows(text, "7f3a"));
    EXPECT_TRUE(shows(text, "GET / HTTP/1.1"));
    EXPECT_TRUE(shows(text, "Host: shown"));
    EXPECT_TRUE(shows(text, "lane=3"));
}

class HttpLogTest : public ::testing::Test {
protected:
    /// The log of one PUT and its answer, both full of secrets.
    std::string log_of_exchange(bool debug_http) {
        static constexpr auto kSend = [](Transfer& transfer,
                                         const HttpRequest& request) -> Task<void> {
            const Transfer::Place place = co_await transfer.place();
            const Result<HttpReply> reply = co_await transfer.send(place, request);
            EXPECT_TRUE(reply.has_value());
        };
        initialise_curl();
        const std::string secret = kCanary;
        ScriptedPeer peer([&secret](PeerConnection& connection) {
            connection.read_head();
            connection.read_body(secret.size());
            connection.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=" + secret +
                            "\r\nx-amz-security-token: " + secret +
                            "\r\nLocation: http://h/?X-Amz-Signature=" + secret +
                            "\r\nx-amz-request-id: seen\r\nContent-Length: " +
                            std::to_string(secret.size()) + "\r\n\r\n" + secret);
        });
        Reactor reactor;
        StoreCounters counters;
        TransferSettings settings;
        settings.debug_http = debug_http;
        HttpRequest request;
        request.method = Method::Put;
        request.url = peer.url() + "?X-Amz-Security-Token=" + secret;
        request.body = std::as_bytes(std::span(secret));
        request.headers.emplace_back("Authorization",
                                     "AWS4-HMAC-SHA256 Credential=MYID/x, Signature=" + secret);
        for (const char* name :
             {"x-amz-security-token", "x-amz-server-side-encryption-customer-key",
              "x-amz-server-side-encryption-customer-key-MD5", "X-aws-ec2-metadata-token",
              "Proxy-Authorization", "Cookie"}) {
            request.headers.emplace_back(name, secret);
        }
        ::testing::internal::CaptureStderr();
        {
            Transfer transfer(reactor.ring(), settings, TrustStore(), counters);
            reactor.run(kSend(transfer, request));
        }
        return ::testing::internal::GetCapturedStderr();
    }
};

TEST_F(HttpLogTest, ShowsHeadersAndSizesAndNoSecret) {
    const std::string text = log_of_exchange(true);
    EXPECT_FALSE(shows(text, kCanary)) << text;
    for (const char* part :
         {"PUT /x?X-Amz-Security-Token=(hidden) HTTP/1.1", "Credential=MYID/x",
          "x-amz-security-token: (hidden)", "HTTP/1.1 200 OK", "x-amz-request-id: seen",
          "HTTP request, bytes of the body lane=0 bytes=11",
          "HTTP answer, bytes of the body lane=0 bytes=11", "Connected to 127.0.0.1"}) {
        EXPECT_TRUE(shows(text, part)) << part << " is not in\n" << text;
    }
}

TEST_F(HttpLogTest, IsSilentUnlessAskedFor) { EXPECT_EQ(log_of_exchange(false), ""); }

}  // namespace
}  // namespace s3b::net
