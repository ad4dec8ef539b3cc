// SPDX-License-Identifier: Apache-2.0
// Encoded objects in the S3 store: which memory they go to, what is checked, what must be there.
#include <algorithm>

#include "tests/net/s3_store_fixture.h"
#include "tests/net/scripted_peer.h"

namespace s3b::net {
namespace {

using std::chrono::milliseconds;

constexpr const char* kEncrypted = "deflate, ENCRYPT-AES-128-CBC";
constexpr std::byte kUntouched{0x5a};

Task<void> get_into(S3Store& store, std::string key, ReadTarget into, Result<GetReply>& outcome) {
    outcome = co_await store.get(key, into, no_condition());
}

class S3StoreEncodedTest : public S3StoreTest {
protected:
    static constexpr size_t kPlainSize = 4096;
    static constexpr size_t kEncodedSize = 5000;

    /// Puts `size` bytes with this encoding, if any.
    void put_encoded(std::string key, size_t size, std::string encoding, bool with_hmac = false) {
        static constexpr auto kPut = [](S3Store& store, const PutRequest& request) -> Task<void> {
            const Result<ETag> etag = co_await store.put(request);
            expect_ok(etag);
        };
        body_ = pattern(size, 3);
        PutRequest request = put_of(key, body_);
        request.meta.content_encoding = std::move(encoding);
        if (with_hmac) request.meta.hmac = hmac();
        run(kPut(store(), request));
    }
    static Sha1 hmac() {
        Sha1 hmac;
        hmac.bytes.fill(std::byte{0xe7});
        return hmac;
    }
    /// What a get of `key` ends with; it writes to fresh memory of ours, where `into` has any.
    Result<GetReply> read(std::string key, ReadTarget into) {
        std::ranges::fill(plain_, kUntouched);
        std::ranges::fill(encoded_, kUntouched);
        Result<GetReply> outcome = GetReply();
        run(get_into(store(), std::move(key), into, outcome));
        return outcome;
    }
    ReadTarget both() { return {plain_, encoded_}; }
    std::string outcome(const Result<GetReply>& reply) {
        return reply.has_value() ? "ok" : to_string(reply.error().code);
    }
    /// EXPECTs the last body put in the one memory, and nothing in the other one.
    void expect_body(const Result<GetReply>& reply, bool encoded) {
        expect_ok(reply);
        if (!reply.has_value()) return;
        EXPECT_EQ(reply->encoded, encoded);
        EXPECT_EQ(reply->length.value, body_.size());
        const auto& there = encoded ? encoded_ : plain_;
        const auto& other = encoded ? plain_ : encoded_;
        EXPECT_TRUE(std::ranges::equal(std::span(there).first(body_.size()), body_));
        EXPECT_TRUE(std::ranges::all_of(other, [](std::byte b) { return b == kUntouched; }));
    }

    std::vector<std::byte> body_;
    std::vector<std::byte> plain_ = std::vector<std::byte>(kPlainSize);
    std::vector<std::byte> encoded_ = std::vector<std::byte>(kEncodedSize);
};

TEST_F(S3StoreEncodedTest, AnObjectWithoutAnEncodingGoesToThePlainMemory) {
    put_encoded("a", kPlainSize, "");
    const auto reply = read("a", both());
    expect_body(reply, false);
    EXPECT_EQ(reply->meta.content_encoding, "");
    EXPECT_FALSE(reply->meta.hmac.has_value());
}

TEST_F(S3StoreEncodedTest, AnEncodedObjectMayBeLongerThanThePlainMemory) {
    put_encoded("a", kEncodedSize, kEncrypted, true);
    const auto reply = read("a", both());
    expect_body(reply, true);
    EXPECT_EQ(reply->meta.content_encoding, kEncrypted);
    EXPECT_TRUE(reply->meta.hmac == hmac());
}

TEST_F(S3StoreEncodedTest, EachMemoryIsALimitOfItsOwn) {
    one_attempt();
    put_encoded("plain", kPlainSize + 1, "");
    put_encoded("encoded", kEncodedSize + 1, "deflate");
    expect_error(read("plain", both()), Errc::BadReply);
    expect_error(read("encoded", both()), Errc::BadReply);
}

TEST_F(S3StoreEncodedTest, WithoutMemoryOfItsOwnAnEncodedObjectGoesToThePlainOne) {
    one_attempt();
    put_encoded("a", kPlainSize, "deflate");
    expect_body(read("a", plain_), false);
    put_encoded("b", kPlainSize + 1, "deflate");
    expect_error(read("b", plain_), Errc::BadReply);
}

TEST_F(S3StoreEncodedTest, WithADefaultEncodingEveryObjectIsEncoded) {
    settings_.default_content_encoding = "deflate";
    put_encoded("a", kEncodedSize, "");
    const auto reply = read("a", both());
    expect_body(reply, true);
    EXPECT_EQ(reply->meta.content_encoding, "deflate");
    put_encoded("b", kPlainSize, "");
    expect_body(read("b", plain_), false);
    put_encoded("c", kEncodedSize, "zstd");
    const auto other = read("c", both());
    expect_body(other, true);
    EXPECT_EQ(other->meta.content_encoding, "zstd");
}

TEST_F(S3StoreEncodedTest, ARepeatedReadGoesWhereTheLastAnswerSays) {
    int connections = 0;
    ScriptedPeer peer(
        [&connections](PeerConnection& connection) {
            connection.read_head();
            connection.send(++connections == 1
                                ? "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n"
                                  "Content-Length: 64\r\n\r\ncut"
                                : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole");
        },
        2);
    settings_.base_url = "http://127.0.0.1:" + std::to_string(peer.port()) + '/';
    const auto reply = read("a", both());
    ASSERT_TRUE(reply.has_value());
    EXPECT_FALSE(reply->encoded);
    EXPECT_EQ(reply->meta.content_encoding, "");
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(plain_.data()), 5), "whole");
    EXPECT_EQ(store().counters().retries, 1U);
}

TEST_F(S3StoreEncodedTest, TheSecondAnswerToASlowReadGoesToTheRightMemory) {
    settings_.hedge_percentile = 99;
    for (const char* encoding : {"deflate", ""}) {
        put_encoded("a", kPlainSize, encoding);
        const bool encoded = *encoding != '\0';
        for (int i = 0; i < 120; ++i) expect_body(read("a", both()), encoded);
        const uint64_t before = store().counters().hedge_won;
        server_.fault("method=GET&hold");
        expect_body(read("a", both()), encoded);
        EXPECT_EQ(store().counters().hedge_won, before + 1);
        server_.admin("POST", "/_admin/release");
    }
}

TEST_F(S3StoreEncodedTest, TheSecondAnswerToASlowReadMayBeLongerThanThePlainMemory) {
    settings_.hedge_percentile = 99;
    put_encoded("a", kEncodedSize, "deflate");
    for (int i = 0; i < 120; ++i) expect_body(read("a", both()), true);
    const uint64_t before = store().counters().hedge_won;
    server_.fault("method=GET&hold");
    expect_body(read("a", both()), true);
    EXPECT_EQ(store().counters().hedge_won, before + 1);
    server_.admin("POST", "/_admin/release");
}

TEST_F(S3StoreEncodedTest, ADamagedEncodedBodyIsFetchedAgain) {
    put_encoded("a", kEncodedSize, kEncrypted, true);
    server_.fault("method=GET&wrong-body");
    expect_body(read("a", both()), true);
    EXPECT_EQ(store().counters().retries, 1U);
    server_.fault("method=GET&wrong-body&count=0");
    expect_error(read("a", both()), Errc::BadReply);
}

TEST_F(S3StoreEncodedTest, WhatTheCallerChecksByItsHmacIsNotCheckedHere) {
    put_encoded("a", kEncodedSize, kEncrypted, true);
    server_.fault("method=GET&wrong-body&count=0");
    ReadTarget into = both();
    into.hmac_is_checked = true;
    const auto reply = read("a", into);
    ASSERT_TRUE(reply.has_value());
    EXPECT_TRUE(reply->encoded);
    EXPECT_EQ(store().counters().retries, 0U);
    EXPECT_NE(codec::md5(std::span(encoded_).first(kEncodedSize)), *reply->etag);
}

TEST_F(S3StoreEncodedTest, WhatHasNoHmacOrIsNotEncryptedIsCheckedHere) {
    put_encoded("no-hmac", kEncodedSize, kEncrypted);
    put_encoded("compressed", kEncodedSize, "deflate", true);
    put_encoded("plain", kPlainSize, "", true);
    server_.fault("method=GET&wrong-body&count=0");
    ReadTarget into = both();
    into.hmac_is_checked = true;
    for (const char* key : {"no-hmac", "compressed", "plain"}) {
        EXPECT_EQ(outcome(read(key, into)), "BadReply") << key;
    }
}

TEST_F(S3StoreEncodedTest, TheDefaultEncodingSaysAsWellThatThereIsAnHmacToCheck) {
    settings_.default_content_encoding = kEncrypted;
    put_encoded("a", kEncodedSize, "", true);
    put_encoded("b", kEncodedSize, "deflate", true);
    server_.fault("method=GET&wrong-body&count=0");
    ReadTarget into = both();
    into.hmac_is_checked = true;
    EXPECT_EQ(outcome(read("a", into)), "ok");
    EXPECT_EQ(outcome(read("b", into)), "BadReply");
}

TEST_F(S3StoreEncodedTest, AnObjectThatMustExistIsAskedForAgain) {
    put_encoded("a", kPlainSize, "");
    server_.fault("method=GET&stale");  // from before the put
    ReadTarget into = both();
    into.must_exist = true;
    expect_body(read("a", into), false);
    EXPECT_EQ(store().counters().retries, 1U);
}

TEST_F(S3StoreEncodedTest, AnObjectThatMustExistAndNeverAppearsIsStale) {
    ReadTarget into = both();
    into.must_exist = true;
    ::testing::internal::CaptureStderr();
    const auto reply = read("missing-one", into);
    const std::string log = ::testing::internal::GetCapturedStderr();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, Errc::Stale);
    EXPECT_STREQ(reply.error().what, "an object that must exist is missing");
    EXPECT_EQ(store().counters().retries, 3U);
    EXPECT_NE(log.find("WARN"), std::string::npos) << log;
    EXPECT_NE(log.find("key=missing-one"), std::string::npos) << log;
    into.must_exist = false;
    EXPECT_EQ(outcome(read("missing-one", into)), "NotFound");
    EXPECT_EQ(store().counters().retries, 3U);
}

TEST_F(S3StoreEncodedTest, AMissingBucketIsRefusedAlsoWhereTheObjectMustExist) {
    settings_.bucket = "other";
    ReadTarget into = both();
    into.must_exist = true;
    EXPECT_EQ(outcome(read("a", into)), "Refused");
}

TEST_F(S3StoreEncodedTest, ARepeatedPutSendsTheEncodingAndTheHmacAgain) {
    server_.fault("method=PUT&status=503");
    put_encoded("a", kEncodedSize, kEncrypted, true);
    EXPECT_EQ(store().counters().retries, 1U);
    const auto reply = read("a", both());
    expect_body(reply, true);
    EXPECT_EQ(reply->meta.content_encoding, kEncrypted);
    EXPECT_TRUE(reply->meta.hmac == hmac());
}

TEST_F(S3StoreEncodedTest, TheDownloadSpeedCountsWhatWasReceived) {
    limits_.download_rate = ByteCount(kEncodedSize * 10);  // such a body every 100 ms
    put_encoded("a", kEncodedSize, "deflate");
    const Instant begin = reactor_.scheduler().now();
    for (int i = 0; i < 3; ++i) expect_body(read("a", both()), true);
    EXPECT_GE(reactor_.scheduler().now() - begin, milliseconds(200));
}

TEST_F(S3StoreEncodedTest, TheStoreIsToldWhatTheReaderCanDecode) {
    std::string head;
    ScriptedPeer peer([&head](PeerConnection& connection) {
        head = connection.read_head();
        connection.send("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    });
    settings_.base_url = "http://127.0.0.1:" + std::to_string(peer.port()) + '/';
    settings_.accept_encoding = "deflate, encrypt-AES-128-CBC";
    EXPECT_EQ(outcome(read("a", both())), "NotFound");
    peer.join();
    EXPECT_NE(head.find("\r\nAccept-Encoding: deflate, encrypt-AES-128-CBC\r\n"), std::string::npos)
        << head;
}

}  // namespace
}  // namespace s3b::net
