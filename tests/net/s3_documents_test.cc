// SPDX-License-Identifier: Apache-2.0
// The XML documents of S3: wire-format.md 2.5, 2.6, 12.
#include "net/s3_documents.h"

#include <gtest/gtest.h>

#include "codec/text.h"

namespace s3b::net {
namespace {

constexpr const char* kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string list_of(const std::string& content) {
    return kHead + ("<ListBucketResult>" + content + "</ListBucketResult>");
}

std::string object(const std::string& key) {
    return "<Contents><Key>" + key +
           "</Key><ETag>&quot;3971ce693ee3221725964069236dcd20&quot;</ETag></Contents>";
}

constexpr const char* kNoMore = "<IsTruncated>false</IsTruncated>";
constexpr const char* kMore = "<IsTruncated>true</IsTruncated>";

/// The keys of a page, or the name of the error.
std::string outcome(const std::string& document, const ListRequest& request) {
    const Result<ListPage> page = parse_list_page(document, request);
    if (!page.has_value()) return to_string(page.error().code);
    std::string keys;
    for (const ListedObject& one : page->objects) keys += one.key + ' ';
    return keys + (page->truncated ? "..." : "");
}

ListRequest request(std::string_view prefix, std::string_view after = {}) {
    ListRequest result;
    result.prefix = prefix;
    result.after = after;
    return result;
}

TEST(ParseListPage, KeysAndETags) {
    const std::string document =
        list_of("<Name>b</Name>" + std::string(kNoMore) + object("p/1") +
                "<Contents><ETag>\"x\"</ETag><Key>p/2&amp;</Key></Contents>");
    const Result<ListPage> page = parse_list_page(document, request("p/"));
    ASSERT_TRUE(page.has_value());
    EXPECT_FALSE(page->truncated);
    ASSERT_EQ(page->objects.size(), 2U);
    EXPECT_EQ(page->objects[0].key, "p/1");
    ASSERT_TRUE(page->objects[0].etag.has_value());
    EXPECT_EQ(codec::to_hex(page->objects[0].etag->bytes), "3971ce693ee3221725964069236dcd20");
    EXPECT_EQ(page->objects[1].key, "p/2&");
    EXPECT_FALSE(page->objects[1].etag.has_value());
}

TEST(ParseListPage, ADefaultNamespaceDoesNotMatter) {
    const std::string document =
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + object("1") +
        kMore + "</ListBucketResult>";
    EXPECT_EQ(outcome(document, request("")), "1 ...");
    EXPECT_EQ(outcome("<x:ListBucketResult xmlns:x=\"u\">" + std::string(kNoMore) +
                          "</x:ListBucketResult>",
                      request("")),
              "BadReply");
}

TEST(ParseListPage, AnEmptyBucket) { EXPECT_EQ(outcome(list_of(kNoMore), request("p/")), ""); }

TEST(ParseListPage, OtherKeysThanAskedForAreRefused) {
    const std::string two = object("p/1") + object("p/2") + kNoMore;
    EXPECT_EQ(outcome(list_of(two), request("p/", "p/0")), "p/1 p/2 ");
    EXPECT_EQ(outcome(list_of(two), request("q/")), "BadReply");
    EXPECT_EQ(outcome(list_of(two), request("p/", "p/1")), "BadReply");
    EXPECT_EQ(outcome(list_of(object("p/2") + object("p/1") + kNoMore), request("p/")), "BadReply");
    EXPECT_EQ(outcome(list_of(object("p/1") + object("p/1") + kNoMore), request("p/")), "BadReply");
    EXPECT_EQ(outcome(list_of("<Contents/>" + std::string(kNoMore)), request("")), "BadReply");
    ListRequest one = request("p/");
    one.max_keys = 1;
    EXPECT_EQ(outcome(list_of(two), one), "BadReply");
}

TEST(ParseListPage, TheOrderIsThatOfUnsignedBytes) {
    EXPECT_EQ(outcome(list_of(object("z") + object("\xc3\xa4") + kNoMore), request("")),
              "z \xc3\xa4 ");
}

TEST(ParseListPage, WhetherMoreFollowsMustBeSaid) {
    EXPECT_EQ(outcome(list_of(object("1")), request("")), "BadReply");
    EXPECT_EQ(outcome(list_of("<IsTruncated>yes</IsTruncated>"), request("")), "BadReply");
    EXPECT_EQ(outcome(list_of(kMore), request("")), "BadReply");
}

TEST(ParseListPage, WhatIsNotAWholeListIsRefused) {
    const std::string whole = list_of(object("1") + kNoMore);
    for (size_t length = 0; length < whole.size(); ++length) {
        EXPECT_EQ(outcome(whole.substr(0, length), request("")), "BadReply") << length;
    }
    EXPECT_EQ(outcome("<Error><Code>InternalError</Code></Error>", request("")), "BadReply");
    EXPECT_EQ(outcome("<html>" + whole + "</html>", request("")), "BadReply");
    EXPECT_EQ(outcome(whole + "<b/>", request("")), "BadReply");
}

// Whatever bytes a store sends: never more than what was asked for, and nothing out of order.
TEST(ParseListPage, DamagedListsAreRefusedOrHarmless) {
    std::string content = "<IsTruncated>true</IsTruncated>";
    for (int i = 10; i < 30; ++i) content += object("p/" + std::to_string(i));
    const std::string whole = list_of(content);
    uint32_t state = 1;
    const auto random = [&state](size_t limit) {
        state = state * 1664525 + 1013904223;
        return (state >> 8) % limit;
    };
    const ListRequest asked = request("p/", "p/05");
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = whole;
        for (size_t n = 1 + random(3); n > 0; --n) {
            const size_t at = random(damaged.size());
            if (random(2) == 0) {
                damaged[at] = static_cast<char>(random(256));
            } else {
                damaged.erase(at, random(40));
            }
        }
        parse_error_document(damaged);
        const Result<ListPage> page = parse_list_page(damaged, asked);
        if (!page.has_value()) continue;
        std::string before(asked.after);
        for (const ListedObject& one : page->objects) {
            ASSERT_TRUE(one.key.starts_with("p/") && one.key > before) << damaged;
            before = one.key;
        }
    }
}

TEST(MakeBulkDelete, KeysAreEscaped) {
    const std::vector<std::string> keys{"p/1", "a&<b>"};
    const BulkDelete bulk = make_bulk_delete(keys);
    EXPECT_EQ(bulk.document,
              "<Delete><Object><Key>p/1</Key></Object>"
              "<Object><Key>a&amp;&lt;b&gt;</Key></Object></Delete>");
}

/// KEY:CODE of what is still there, or the name of the error.
std::string bulk_outcome(const std::string& document) {
    const std::vector<std::string> keys{"p/1", "p/2", "p/3"};
    const Result<std::vector<UndeletedKey>> undeleted = parse_bulk_answer(document, keys);
    if (!undeleted.has_value()) return to_string(undeleted.error().code);
    std::string text;
    for (const UndeletedKey& one : *undeleted) text += one.key + ':' + one.code + ' ';
    return text;
}

TEST(ParseBulkAnswer, ErrorsAreTheKeysThatAreLeft) {
    EXPECT_EQ(bulk_outcome("<DeleteResult xmlns=\"u\"/>"), "");
    EXPECT_EQ(
        bulk_outcome("<DeleteResult><Deleted><Key>p/1</Key></Deleted>"
                     "<Error><Key>p/2</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
                     "<Error><Code>InternalError</Code><Key>p/3</Key></Error></DeleteResult>"),
        "p/2:AccessDenied p/3:InternalError ");
}

TEST(ParseBulkAnswer, WhatIsNotThereIsRemoved) {
    EXPECT_EQ(bulk_outcome("<DeleteResult><Error><Key>p/2</Key><Code>NoSuchKey</Code></Error>"
                           "</DeleteResult>"),
              "");
}

TEST(ParseBulkAnswer, OtherAnswersAreRefused) {
    for (const char* document :
         {"", "<DeleteResult>", "<Error><Code>InternalError</Code></Error>", "<html/>",
          "<DeleteResult><Error><Key>p/4</Key><Code>X</Code></Error></DeleteResult>",
          "<DeleteResult><Error><Code>X</Code></Error></DeleteResult>"}) {
        EXPECT_EQ(bulk_outcome(document), "BadReply") << document;
    }
}

TEST(ParseErrorDocument, AllThatIsOfUse) {
    const ErrorDocument error = parse_error_document(
        kHead + std::string("<Error><Code>PermanentRedirect</Code><Message>a &amp; b</Message>"
                            "<Endpoint>b.s3.eu.example</Endpoint><Region>eu-west-1</Region>"
                            "<BucketName>b</BucketName><Code>Second</Code></Error>"));
    EXPECT_EQ(error.code, "PermanentRedirect");
    EXPECT_EQ(error.message, "a & b");
    EXPECT_EQ(error.endpoint, "b.s3.eu.example");
    EXPECT_EQ(error.region, "eu-west-1");
    EXPECT_EQ(error.bucket, "b");
}

TEST(ParseErrorDocument, TakesWhatWasCompleteOfACutOne) {
    const ErrorDocument error =
        parse_error_document("<Error><Code>SlowDown</Code><Message>Please red");
    EXPECT_EQ(error.code, "SlowDown");
    EXPECT_EQ(error.message, "");
}

TEST(ParseErrorDocument, OtherDocumentsSayNothing) {
    for (const char* document : {"", "no XML", "<html><Code>A</Code></html>",
                                 "<Error><Inner><Code>A</Code></Inner></Error>"}) {
        EXPECT_EQ(parse_error_document(document).code, "") << document;
    }
}

TEST(ParseErrorDocument, ValuesAreShortAndPrintable) {
    const ErrorDocument error =
        parse_error_document("<Error><Code>a\nb&#9;c&#x7f;</Code><Message>" +
                             std::string(1000, 'x') + "</Message></Error>");
    EXPECT_EQ(error.code, "a?b?c?");
    EXPECT_EQ(error.message.size(), kMaxErrorText);
}

TEST(ErrorInDocument, OnlyAWholeErrorIsOne) {
    const auto error = error_in_document("<Error><Code>InternalError</Code></Error>");
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code, "InternalError");
    EXPECT_FALSE(error_in_document("<DeleteResult><Error><Code>A</Code></Error></DeleteResult>"));
    EXPECT_FALSE(error_in_document("<Error><Code>A</Code>"));
    EXPECT_FALSE(error_in_document(""));
}

}  // namespace
}  // namespace s3b::net
