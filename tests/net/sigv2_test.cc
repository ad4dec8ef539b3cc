// SPDX-License-Identifier: Apache-2.0
// Signatures against the known answers of wire-format.md 13.5.
#include "net/sigv2.h"

#include <gtest/gtest.h>

namespace s3b::net {
namespace {

constexpr const char* kDate = "Tue, 02 Jan 2024 03:04:05 GMT";

AccessKeys keys() {
    AccessKeys keys;
    keys.id = "AKIDEXAMPLE";
    keys.secret = "SECRETKEYEXAMPLE";
    return keys;
}

TEST(Sigv2, DateIsThatOfHttp) {
    EXPECT_EQ(http_date(WallTime(std::chrono::seconds(1704164645))), kDate);
    EXPECT_EQ(http_date(WallTime(std::chrono::seconds(784111777))),
              "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Sigv2, APut) {
    std::vector<Header> headers;
    headers.emplace_back("x-amz-meta-s3backer-filesize", "1048576");
    headers.emplace_back("x-amz-acl", "private");
    headers.emplace_back("x-amz-meta-s3backer-blocksize", "4096");
    headers.emplace_back("Date", kDate);
    headers.emplace_back("Content-Type", "application/x-s3backer-block");
    headers.emplace_back("Content-MD5", "OXHOaT7jIhcllkBpI23NIA==");
    PartsOfV2 parts;
    parts.method = Method::Put;
    parts.headers = headers;
    parts.resource = "/mybucket/00000000";
    EXPECT_EQ(string_to_sign_v2(parts),
              "PUT\nOXHOaT7jIhcllkBpI23NIA==\napplication/x-s3backer-block\n"
              "Tue, 02 Jan 2024 03:04:05 GMT\nx-amz-acl:private\n"
              "x-amz-meta-s3backer-blocksize:4096\nx-amz-meta-s3backer-filesize:1048576\n"
              "/mybucket/00000000");
    EXPECT_EQ(authorization_v2(parts, keys()), "AWS AKIDEXAMPLE:cb38GePCr58ZO56AVsW4+JMMlYI=");
}

TEST(Sigv2, AList) {
    std::vector<Header> headers;
    headers.emplace_back("Date", kDate);
    PartsOfV2 parts;
    parts.headers = headers;
    parts.resource = "/mybucket";
    EXPECT_EQ(authorization_v2(parts, keys()), "AWS AKIDEXAMPLE:mz4GEOsv4gKhIby8D2ChXxuYpW0=");
}

}  // namespace
}  // namespace s3b::net
