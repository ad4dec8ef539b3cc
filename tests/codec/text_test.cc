// SPDX-License-Identifier: Apache-2.0
// Text forms of bytes: RFC 4648 vectors and the table of wire-format.md 1.7.
#include "codec/text.h"

#include <gtest/gtest.h>

#include <array>

#include "codec/hash.h"

namespace s3b::codec {
namespace {

TEST(Text, HexRoundTrip) {
    std::array<std::byte, 3> bytes{};
    ASSERT_TRUE(from_hex("00aBfF", bytes));
    EXPECT_EQ(to_hex(bytes), "00abff");
}

TEST(Text, NumbersHaveEightDigits) {
    EXPECT_EQ(to_hex8(0), "00000000");
    EXPECT_EQ(to_hex8(0xDE), "000000de");
    EXPECT_EQ(to_hex8(0xDEADBEEF), "deadbeef");
}

TEST(Text, HexOfAnotherLengthOrWithOtherLettersIsRefused) {
    std::array<std::byte, 2> bytes{};
    EXPECT_FALSE(from_hex("abc", bytes));
    EXPECT_FALSE(from_hex("abcde", bytes));
    EXPECT_FALSE(from_hex("abcg", bytes));
    EXPECT_FALSE(from_hex("", bytes));
}

TEST(Text, Base64OfEveryRemainder) {
    EXPECT_EQ(to_base64({}), "");
    EXPECT_EQ(to_base64(bytes_of("f")), "Zg==");
    EXPECT_EQ(to_base64(bytes_of("fo")), "Zm8=");
    EXPECT_EQ(to_base64(bytes_of("foo")), "Zm9v");
    EXPECT_EQ(to_base64(bytes_of("\xff\xfe\xfd\xfc")), "//79/A==");
}

TEST(Text, Base64RoundTrip) {
    for (const char* text : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd\xfc"}) {
        const std::string whole(text);
        std::string into(whole.size(), ' ');
        EXPECT_TRUE(
            from_base64(to_base64(bytes_of(whole)), std::as_writable_bytes(std::span(into))));
        EXPECT_EQ(into, whole);
    }
}

TEST(Text, Base64OfAnotherFormIsRefused) {
    std::array<std::byte, 2> bytes{};
    EXPECT_TRUE(from_base64("Zm8=", bytes));
    for (const char* text :
         {"", "Zm8", "Zm8==", "Zm9v", "Zm9=", "Z!8=", "Zm=8", "Zm8=\n", "Zg=="}) {
        EXPECT_FALSE(from_base64(text, bytes)) << text;
    }
}

TEST(Text, PercentEncodingLeavesUnreservedCharactersAlone) {
    EXPECT_EQ(percent_encode("AZaz09_-~.", Slash::Encode), "AZaz09_-~.");
}

TEST(Text, PercentEncodingOfAllElse) {
    EXPECT_EQ(percent_encode("a/b", Slash::Keep), "a/b");
    EXPECT_EQ(percent_encode("a/b", Slash::Encode), "a%2Fb");
    EXPECT_EQ(percent_encode("+=@:& %?\xc3\xa4", Slash::Keep), "%2B%3D%40%3A%26%20%25%3F%C3%A4");
}

}  // namespace
}  // namespace s3b::codec
