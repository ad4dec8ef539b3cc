// SPDX-License-Identifier: Apache-2.0
// What the S3 store makes of answers: damage, wishes of the server, clocks.
#include "tests/net/s3_store_fixture.h"

namespace s3b::net {
namespace {

using std::chrono::milliseconds;

using S3StoreAnswersTest = S3StoreTest;

TEST_F(S3StoreAnswersTest, ADamagedBodyIsFetchedAgain) {
    put("a");
    server_.fault("method=GET&wrong-body");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().retries, 1U);
}

TEST_F(S3StoreAnswersTest, ABodyThatStaysDamagedIsAnError) {
    put("a");
    server_.fault("method=GET&wrong-body&count=0");
    EXPECT_EQ(get("a"), "BadReply");
}

TEST_F(S3StoreAnswersTest, TheCheckOfBodiesCanBeSwitchedOff) {
    settings_.check_bodies = false;
    put("a");
    server_.fault("method=GET&wrong-body");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().retries, 0U);
}

TEST_F(S3StoreAnswersTest, TheServersRetryAfterIsWaitedForAsFarAsThePausesMayGo) {
    settings_.max_retry_pause = milliseconds(40);
    put("a");
    server_.fault("method=GET&status=503&retry-after=3600");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().retries, 1U);
    EXPECT_EQ(store().counters().retry_delay, milliseconds(40));
}

TEST_F(S3StoreAnswersTest, AnErrorDocumentUnderStatus200IsAFailure) {
    server_.fault("method=PUT&error-200");
    EXPECT_EQ(try_put("a"), "ok");
    EXPECT_EQ(store().counters().retries, 1U);
    server_.fault("method=PUT&error-200&count=0");
    EXPECT_EQ(try_put("b"), "ServerError");
}

TEST_F(S3StoreAnswersTest, AMissingBucketIsNoZeros) {
    settings_.bucket = "other";
    EXPECT_EQ(get("a"), "Refused");
    EXPECT_EQ(try_put("a"), "NotFound");
}

TEST_F(S3StoreAnswersTest, ObjectsWithoutAnEncodingHaveTheDefaultOne) {
    settings_.default_content_encoding = "deflate";
    put("a");
    static constexpr auto kTest = [](S3Store& store) -> Task<void> {
        std::vector<std::byte> into(4096);
        const Result<GetReply> reply = co_await store.get("a", into, no_condition());
        expect_ok(reply);
        if (reply.has_value()) {
            EXPECT_EQ(reply->meta.content_encoding, "deflate");
        }
    };
    run(kTest(store()));
}

TEST_F(S3StoreAnswersTest, ASlowReadIsSentOnceMore) {
    settings_.hedge_percentile = 99;
    put("a");
    for (int i = 0; i < 120; ++i) EXPECT_EQ(get("a"), "ok");
    const uint64_t before = store().counters().hedge_won;
    server_.fault("method=GET&hold");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().hedge_won, before + 1);
    server_.admin("POST", "/_admin/release");
}

class S3StoreClockTest : public S3StoreTest {
protected:
    S3StoreClockTest() : S3StoreTest({"--clock-offset=86400"}) {}
};

TEST_F(S3StoreClockTest, TheServersTimeIsLearnedFromARefusal) {
    EXPECT_EQ(try_put("a"), "ok");
    EXPECT_EQ(store().counters().forbidden, 1U);
    EXPECT_EQ(store().counters().retries, 0U);
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().forbidden, 1U);
}

TEST_F(S3StoreClockTest, RequestsThatWereSignedBeforeItWasLearnedAreSignedAnew) {
    put_many(20);
    EXPECT_GT(store().counters().forbidden, 1U);
}

/// Gives keys as told.
class ToldSource final : public CredentialSource {
public:
    const char* name() const override { return "test"; }
    Task<Result<AccessKeys>> fetch() override {
        ++fetches;
        co_await yield();
        if (keys.id.empty()) co_return Error(Errc::NotFound, "none");
        co_return fetches > 1 && later ? *later : keys;
    }
    AccessKeys keys;
    std::optional<AccessKeys> later;  // from the second fetch on
    int fetches = 0;
};

class S3StoreKeysTest : public S3StoreTest {
protected:
    S3StoreKeysTest() { credentials_ = &source_keys_; }
    void give(const char* id, const char* secret, const char* token = "") {
        source_->keys.id = id;
        source_->keys.secret = secret;
        source_->keys.session_token = token;
    }
    ToldSource* source_ = new ToldSource;
    Credentials source_keys_{std::unique_ptr<CredentialSource>(source_), Duration::zero()};
};

TEST_F(S3StoreKeysTest, RequestsAreSignedWithTheKeysOfTheSource) {
    settings_.access_key = "not this one";
    give("ID", "KEY");
    EXPECT_EQ(try_put("a"), "ok");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(source_->fetches, 1);
}

TEST_F(S3StoreKeysTest, ASourceThatWasAskedJustNowIsNotAskedAgain) {
    give("OLD", "OLD");
    EXPECT_EQ(try_put("a"), "Forbidden");
    EXPECT_EQ(source_->fetches, 1);
}

TEST_F(S3StoreKeysTest, RequestsThatWereSignedWithOldKeysAreSignedAnewAndTheSourceIsAskedOnce) {
    auto* source = new ToldSource;
    Credentials keys(std::unique_ptr<CredentialSource>(source), Duration::zero(), Duration::zero());
    credentials_ = &keys;
    source->keys.id = "OLD";
    source->keys.secret = "OLD";
    source->later.emplace();
    source->later->id = "ID";
    source->later->secret = "KEY";
    put_many(20);
    EXPECT_GT(store().counters().forbidden, 1U);
    EXPECT_EQ(source->fetches, 2);
    store_.reset();
}

TEST_F(S3StoreKeysTest, WithoutKeysNothingIsSent) {
    const long before = server_.stat("requests");
    EXPECT_EQ(get("a"), "Unauthorized");
    EXPECT_EQ(server_.stat("requests"), before);
}

}  // namespace
}  // namespace s3b::net
