// SPDX-License-Identifier: Apache-2.0
#include "codec/content_encoding.h"

#include <gtest/gtest.h>

namespace s3b::codec {
namespace {

TEST(ContentEncoding, ReadsAnySeparationAndCase) {
    for (const char* text : {"deflate, encrypt-AES-128-CBC", "deflate,encrypt-AES-128-CBC",
                             " DEFLATE\t,,Encrypt-AES-128-CBC , ", "deflate encrypt-AES-128-CBC"}) {
        const auto encoding = parse_content_encoding(text);
        ASSERT_TRUE(encoding.has_value()) << text;
        EXPECT_EQ(encoding->compression, Algorithm::Deflate);
        EXPECT_EQ(encoding->cipher, "AES-128-CBC");
    }
    EXPECT_EQ(parse_content_encoding("ZSTD")->compression, Algorithm::Zstd);
    EXPECT_EQ(parse_content_encoding("encrypt-x")->compression, Algorithm::None);
    for (const char* nothing : {"", " ", ", ,"}) {
        const auto encoding = parse_content_encoding(nothing);
        ASSERT_TRUE(encoding.has_value());
        EXPECT_EQ(encoding->compression, Algorithm::None);
        EXPECT_TRUE(encoding->cipher.empty());
    }
}

TEST(ContentEncoding, RefusesAllElse) {
    for (const char* text :
         {"gzip", "identity", "aws-chunked", "deflat", "deflate, deflate", "deflate, zstd",
          "encrypt-", "encrypt-a, deflate", "deflate, encrypt-a, encrypt-b", "deflate, encrypt-a b",
          "deflate; q=1"}) {
        EXPECT_FALSE(parse_content_encoding(text).has_value()) << text;
    }
}

TEST(ContentEncoding, IsWrittenWithACommaAndABlank) {
    ContentEncoding encoding;
    EXPECT_EQ(write_content_encoding(encoding), "");
    encoding.cipher = "AES-128-CBC";
    EXPECT_EQ(write_content_encoding(encoding), "encrypt-AES-128-CBC");
    encoding.compression = Algorithm::Zstd;
    EXPECT_EQ(write_content_encoding(encoding), "zstd, encrypt-AES-128-CBC");
}

TEST(ContentEncoding, ReadersSayWhatTheyAccept) {
    EXPECT_EQ(accept_encoding(Algorithm::None, ""), "deflate");
    EXPECT_EQ(accept_encoding(Algorithm::Deflate, "AES-128-CBC"), "deflate, encrypt-AES-128-CBC");
    EXPECT_EQ(accept_encoding(Algorithm::Zstd, "AES-128-CBC"),
              "deflate, zstd, encrypt-AES-128-CBC");
}

}  // namespace
}  // namespace s3b::codec
