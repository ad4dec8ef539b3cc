// SPDX-License-Identifier: Apache-2.0
// Headers of answers: wire-format.md 3.1, and the limits.
#include "net/reply_headers.h"

#include <gtest/gtest.h>

#include "codec/text.h"

namespace s3b::net {
namespace {

constexpr const char* kHex = "3e8de081929407bda9634b2213adc73e";

TEST(ParseEtag, AQuotedMd5OfEitherCase) {
    const ETag lower = parse_etag(std::string("\"") + kHex + '"');
    const ETag upper = parse_etag("\"3E8DE081929407BDA9634B2213ADC73E\"");
    ASSERT_TRUE(lower.has_value());
    EXPECT_EQ(codec::to_hex(lower->bytes), kHex);
    EXPECT_EQ(lower, upper);
}

TEST(ParseEtag, AnythingElseIsNone) {
    const std::string hex = kHex;
    for (const std::string& value : {std::string(), hex, '"' + hex, hex + '"', '"' + hex + "-3\"",
                                     "W/\"" + hex + '"', '"' + hex + "\" ", '"' + hex + "\"x",
                                     std::string("\"\""), '"' + hex.substr(0, 31) + "g\""}) {
        EXPECT_FALSE(parse_etag(value).has_value()) << value;
    }
}

constexpr const char* kHmacHex = "0123456789abcdef0123456789abcdef01234567";

TEST(ParseHmac, FortyQuotedDigitsOfEitherCase) {
    const auto lower = parse_hmac(std::string("\"") + kHmacHex + '"');
    const auto upper = parse_hmac("\"0123456789ABCDEF0123456789ABCDEF01234567\"");
    ASSERT_TRUE(lower.has_value());
    EXPECT_EQ(codec::to_hex(lower->bytes), kHmacHex);
    EXPECT_EQ(lower, upper);
}

TEST(ParseHmac, AnythingElseIsNone) {
    const std::string hex = kHmacHex;
    for (const std::string& value :
         {std::string(), hex, '"' + hex, hex + '"', '"' + hex + "0\"", '"' + hex + "-3\"",
          '"' + hex + "\" ", '"' + hex + "\"x", std::string("\"\""), '"' + hex.substr(1) + '"',
          '"' + hex.substr(1) + "g\"", '"' + std::string(40, '0') + '"', '\'' + hex + '\''}) {
        EXPECT_FALSE(parse_hmac(value).has_value()) << value;
    }
}

TEST(ReplyHeaders, KnownNamesInAnyCase) {
    ReplyHeaders headers;
    for (const char* line :
         {"HTTP/1.1 200 OK\r\n", "eTaG:\"3e8de081929407bda9634b2213adc73e\"\r\n",
          "CONTENT-ENCODING:  deflate, encrypt-AES-128-CBC \r\n", "Content-Length: 77\r\n",
          "X-Amz-Meta-S3backer-Blocksize: 4096\r\n", "x-amz-meta-s3backer-filesize: 1048576\r\n",
          "x-amz-meta-s3backer-mount-token: 00C0ffee\r\n", "Location: http://x/\r\n",
          "X-AMZ-Meta-s3backer-HMAC:\t\"0123456789abcdef0123456789abcdef01234567\" \r\n",
          "x-amz-bucket-region: eu-west-1\r\n", "Other: thing\r\n", "\r\n"}) {
        EXPECT_TRUE(headers.add_line(line));
    }
    EXPECT_TRUE(headers.etag.has_value());
    EXPECT_EQ(headers.meta.content_encoding, "deflate, encrypt-AES-128-CBC");
    EXPECT_EQ(headers.content_length, ByteCount(77));
    EXPECT_EQ(headers.meta.block_size, ByteCount(4096));
    EXPECT_EQ(headers.meta.file_size, ByteCount(1048576));
    EXPECT_EQ(headers.meta.mount_token, 0xc0ffeeU);
    EXPECT_EQ(headers.meta.hmac, parse_hmac(std::string("\"") + kHmacHex + '"'));
    EXPECT_TRUE(headers.meta.hmac.has_value());
    EXPECT_EQ(headers.location, "http://x/");
    EXPECT_EQ(headers.bucket_region, "eu-west-1");
}

TEST(ReplyHeaders, MalformedNumbersCountAsAbsent) {
    for (const char* value : {"", "0", "-1", "4096x", "0x10", "1 2", "99999999999999999999999"}) {
        ReplyHeaders headers;
        headers.add_line(std::string("x-amz-meta-s3backer-blocksize: ") + value);
        EXPECT_FALSE(headers.meta.block_size.has_value()) << value;
    }
    ReplyHeaders headers;
    headers.add_line("x-amz-meta-s3backer-mount-token: 100000000");
    EXPECT_FALSE(headers.meta.mount_token.has_value());
}

TEST(ReplyHeaders, AStatusLineStartsAnew) {
    ReplyHeaders headers;
    headers.add_line("HTTP/1.1 100 Continue");
    headers.add_line("Content-Encoding: gzip");
    headers.add_line("HTTP/1.1 200 OK");
    EXPECT_EQ(headers.meta.content_encoding, "");
}

TEST(ReplyHeaders, ALaterLineReplacesAnEarlierOneAlsoByNone) {
    ReplyHeaders headers;
    headers.add_line(std::string("x-amz-meta-s3backer-hmac: \"") + kHmacHex + '"');
    headers.add_line("Content-Encoding: deflate");
    headers.add_line("x-amz-meta-s3backer-hmac: malformed");
    headers.add_line("Content-Encoding: zstd");
    EXPECT_FALSE(headers.meta.hmac.has_value());
    EXPECT_EQ(headers.meta.content_encoding, "zstd");
}

TEST(ReplyHeaders, ASkippedLineSaysNothingButCounts) {
    ReplyHeaders headers;
    headers.add_line("Content-Encoding: deflate");
    EXPECT_TRUE(headers.skip_line("Content-Encoding: zstd"));
    EXPECT_TRUE(headers.skip_line("HTTP/1.1 200 OK"));
    EXPECT_EQ(headers.meta.content_encoding, "deflate");
    for (size_t i = 3; i < ReplyHeaders::kMaxLines; ++i) ASSERT_TRUE(headers.skip_line("X: y"));
    EXPECT_FALSE(headers.skip_line("X: y"));
}

TEST(ReplyHeaders, LongLinesAreIgnored) {
    ReplyHeaders headers;
    EXPECT_TRUE(headers.add_line("Content-Encoding: " + std::string(2000, 'x')));
    EXPECT_EQ(headers.meta.content_encoding, "");
}

TEST(ReplyHeaders, TooManyLinesAreRefusedAlsoOverInterimAnswers) {
    ReplyHeaders headers;
    for (size_t i = 0; i < ReplyHeaders::kMaxLines; ++i) {
        ASSERT_TRUE(headers.add_line("HTTP/1.1 100 Continue\r\n"));
    }
    EXPECT_FALSE(headers.add_line("HTTP/1.1 100 Continue\r\n"));
}

TEST(ReplyHeaders, TooManyBytesAreRefused) {
    ReplyHeaders headers;
    const std::string line = "X: " + std::string(16 * 1024 - 3, 'y');
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(headers.add_line(line));
    EXPECT_FALSE(headers.add_line("Y: z"));
}

constexpr int64_t kExampleDate = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

/// The headers of an answer with these lines.
ReplyHeaders headers_of(std::initializer_list<std::string> lines) {
    ReplyHeaders headers;
    for (const std::string& line : lines) EXPECT_TRUE(headers.add_line(line + "\r\n"));
    return headers;
}

TEST(ReplyHeaders, ADateHasOneOfThreeForms) {
    for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994"}) {
        const auto date = headers_of({std::string("Date: ") + text}).date;
        ASSERT_TRUE(date.has_value()) << text;
        EXPECT_EQ(std::chrono::system_clock::to_time_t(*date), kExampleDate) << text;
    }
}

TEST(ReplyHeaders, AnythingElseIsNoDate) {
    for (const char* text :
         {"", "soon", "Sun, 36 Nov 1994 08:49:37 GMT", "-1", "Sun, 06 Nov 1994 28:49:37 GMT",
          "Sun, 06 Nov 1900 08:49:37 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
        EXPECT_FALSE(headers_of({std::string("Date: ") + text}).date.has_value()) << text;
    }
}

TEST(ReplyHeaders, RetryAfterIsSecondsUpToAnHour) {
    using std::chrono::seconds;
    EXPECT_EQ(headers_of({"Retry-After: 0"}).retry_after, seconds(0));
    EXPECT_EQ(headers_of({"Retry-After: 120"}).retry_after, seconds(120));
    EXPECT_EQ(headers_of({"Retry-After: 3601"}).retry_after, seconds(3600));
    EXPECT_EQ(headers_of({"Retry-After: 99999999999999999999999"}).retry_after, seconds(3600));
}

TEST(ReplyHeaders, RetryAfterIsADateAfterThatOfTheAnswerInAnyOrder) {
    using std::chrono::seconds;
    const std::string date = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
    const std::string later = "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT";
    EXPECT_EQ(headers_of({date, later}).retry_after, seconds(60));
    EXPECT_EQ(headers_of({later, date}).retry_after, seconds(60));
    EXPECT_FALSE(headers_of({later}).retry_after.has_value());
    EXPECT_EQ(headers_of({date, "Retry-After: Sun, 06 Nov 1994 08:40:00 GMT"}).retry_after,
              seconds(0));
    EXPECT_EQ(headers_of({date, "Retry-After: Sun, 06 Nov 2033 08:40:00 GMT"}).retry_after,
              seconds(3600));
}

TEST(ReplyHeaders, RetryAfterOfAnotherFormIsNone) {
    for (const char* text : {"", "-5", "1.5", "soon", "10s"}) {
        const ReplyHeaders headers = headers_of(
            {"Date: Sun, 06 Nov 1994 08:49:37 GMT", std::string("Retry-After: ") + text});
        EXPECT_FALSE(headers.retry_after.has_value()) << text;
    }
}

TEST(ReplyHeaders, TellHowAnObjectIsStored) {
    const ReplyHeaders headers =
        headers_of({"X-Amz-Server-Side-Encryption: aws:kms",
                    "x-amz-server-side-encryption-customer-algorithm: AES256",
                    "x-amz-storage-class: STANDARD_IA"});
    EXPECT_EQ(headers.encryption, "aws:kms");
    EXPECT_EQ(headers.customer_encryption, "AES256");
    EXPECT_EQ(headers.storage_class, "STANDARD_IA");
}

}  // namespace
}  // namespace s3b::net
