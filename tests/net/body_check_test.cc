// SPDX-License-Identifier: Apache-2.0
#include "net/body_check.h"

#include <gtest/gtest.h>

#include "codec/hash.h"

namespace s3b::net {
namespace {

Md5 md5_of(std::string_view text) { return codec::md5(codec::bytes_of(text)); }

ReplyHeaders with_etag(std::string_view text) {
    ReplyHeaders headers;
    headers.etag = md5_of(text);
    return headers;
}

TEST(BodyCheck, AnETagThatIsTheMd5OfAPutMakesAllOthersTrusted) {
    BodyCheck check;
    EXPECT_TRUE(check.stored("token", md5_of("t"), with_etag("t")).has_value());
    EXPECT_EQ(check.expected("block", with_etag("b")), md5_of("b"));
    for (int time = 0; time < 3; ++time) {
        EXPECT_FALSE(check.received_other("block", md5_of("x"), with_etag("b")).has_value());
    }
}

TEST(BodyCheck, AStoreThatAnswersAPutWithAnotherSumHoldsSomethingElse) {
    BodyCheck check;
    EXPECT_TRUE(check.stored("a", md5_of("a"), with_etag("a")).has_value());
    const Result<void> stored = check.stored("b", md5_of("b"), with_etag("x"));
    ASSERT_FALSE(stored.has_value());
    EXPECT_EQ(stored.error().code, Errc::BadReply);
}

TEST(BodyCheck, WhereETagsAreNoSumsOurOwnAreKept) {
    BodyCheck check;
    EXPECT_TRUE(check.stored("a", md5_of("a"), with_etag("?")).has_value());
    EXPECT_EQ(check.expected("a", with_etag("?")), md5_of("a"));
    EXPECT_EQ(check.expected("b", with_etag("?")), std::nullopt);
    EXPECT_FALSE(check.received_other("a", md5_of("x"), with_etag("?")).has_value());
    check.forget("a");
    EXPECT_EQ(check.expected("a", with_etag("?")), std::nullopt);
}

TEST(BodyCheck, WithoutAnETagOurOwnSumIsKept) {
    BodyCheck check;
    EXPECT_TRUE(check.stored("a", md5_of("a"), with_etag("a")).has_value());
    EXPECT_TRUE(check.stored("b", md5_of("b"), ReplyHeaders()).has_value());
    EXPECT_EQ(check.expected("b", ReplyHeaders()), md5_of("b"));
    EXPECT_EQ(check.expected("a", ReplyHeaders()), std::nullopt);
}

TEST(BodyCheck, KeysOfTheServersOwnMakeETagsNoSums) {
    for (const bool customer : {false, true}) {
        BodyCheck check;
        ReplyHeaders headers = with_etag("?");
        (customer ? headers.customer_encryption : headers.encryption) =
            customer ? "AES256" : "aws:kms";
        EXPECT_TRUE(check.stored("a", md5_of("a"), with_etag("a")).has_value());
        EXPECT_TRUE(check.stored("b", md5_of("b"), headers).has_value());
        EXPECT_EQ(check.expected("b", headers), md5_of("b"));
        EXPECT_EQ(check.expected("c", headers), std::nullopt);
    }
}

TEST(BodyCheck, BeforeAnythingIsKnownTheSameStrangeAnswerTwiceIsBelieved) {
    BodyCheck check;
    EXPECT_FALSE(check.received_other("a", md5_of("x"), with_etag("a")).has_value());
    EXPECT_FALSE(check.received_other("a", md5_of("y"), with_etag("a")).has_value());
    EXPECT_TRUE(check.received_other("a", md5_of("y"), with_etag("a")).has_value());
    EXPECT_EQ(check.expected("b", with_etag("b")), std::nullopt);
}

TEST(BodyCheck, StrangeAnswersToReadsAtTheSameTimeDoNotHideEachOther) {
    BodyCheck check;
    for (const char* text : {"a", "b", "c"}) {
        EXPECT_FALSE(check.received_other(text, md5_of("x"), with_etag(text)).has_value());
    }
    EXPECT_TRUE(check.received_other("a", md5_of("x"), with_etag("a")).has_value());
    EXPECT_EQ(check.expected("b", with_etag("b")), std::nullopt);
}

TEST(BodyCheck, StrangeAnswersAreBounded) {
    BodyCheck check;
    for (size_t n = 0; n <= BodyCheck::kMaxDoubts; ++n) {
        const ReplyHeaders headers = with_etag(std::to_string(n));
        EXPECT_FALSE(check.received_other("a", md5_of("x"), headers).has_value());
    }
    EXPECT_FALSE(check.received_other("a", md5_of("x"), with_etag("0")).has_value());
    EXPECT_TRUE(check.received_other("a", md5_of("x"), with_etag("2")).has_value());
}

TEST(BodyCheck, ABodyThatFitsItsETagSettlesIt) {
    BodyCheck check;
    check.received_same(with_etag("a"));
    for (int time = 0; time < 3; ++time) {
        EXPECT_FALSE(check.received_other("b", md5_of("x"), with_etag("b")).has_value());
    }
}

TEST(BodyCheck, TheOwnSumsAreBounded) {
    BodyCheck check;
    size_t known = 0;
    for (size_t i = 0; i < BodyCheck::kMaxOwnSums + 100; ++i) {
        EXPECT_TRUE(check.stored(std::to_string(i), md5_of("a"), ReplyHeaders()).has_value());
    }
    for (size_t i = 0; i < BodyCheck::kMaxOwnSums + 100; ++i) {
        known += check.expected(std::to_string(i), ReplyHeaders()).has_value();
    }
    EXPECT_EQ(known, BodyCheck::kMaxOwnSums);
}

}  // namespace
}  // namespace s3b::net
