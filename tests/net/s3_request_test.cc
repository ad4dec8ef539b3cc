// SPDX-License-Identifier: Apache-2.0
// Endpoints and paths: wire-format.md 1.1, 1.2, 1.7, 4.2 and 12.
#include "net/s3_request.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace s3b::net {
namespace {

TEST(ParseEndpoint, PathStyleAddsTheBucket) {
    const Endpoint endpoint = parse_endpoint("http://h:9000/base/", "b", false).value();
    EXPECT_FALSE(endpoint.tls);
    EXPECT_EQ(endpoint.origin, "http://h:9000");
    EXPECT_EQ(endpoint.host, "h:9000");
    EXPECT_EQ(endpoint.root, "/base/b/");
}

TEST(ParseEndpoint, VirtualHostStyleDoesNot) {
    const Endpoint endpoint = parse_endpoint("https://b.h/", "b", true).value();
    EXPECT_TRUE(endpoint.tls);
    EXPECT_EQ(endpoint.root, "/");
}

TEST(ParseEndpoint, TheDefaultPortIsNotSigned) {
    EXPECT_EQ(parse_endpoint("http://h:80/", "b", false)->host, "h");
    EXPECT_EQ(parse_endpoint("https://h:443/", "b", false)->host, "h");
    EXPECT_EQ(parse_endpoint("https://h:80/", "b", false)->host, "h:80");
    EXPECT_EQ(parse_endpoint("http://h:8080/", "b", false)->host, "h:8080");
}

TEST(ParseEndpoint, OtherFormsAreRefused) {
    for (const char* url : {"", "h/", "ftp://h/", "http://", "http:///", "http://h", "http://h/x",
                            "HTTP://h/", "http://user@h/", "http://h/?x/", "http://h /"}) {
        const Result<Endpoint> endpoint = parse_endpoint(url, "b", false);
        ASSERT_FALSE(endpoint.has_value()) << url;
        EXPECT_EQ(endpoint.error().code, Errc::InvalidArgument);
    }
}

TEST(WirePath, AgreesWithS3backerWhereThatWorks) {
    EXPECT_EQ(wire_path("/b/AZaz09/_.~-"), "/b/AZaz09/_.~-");
    EXPECT_EQ(wire_path("/b/+=@:&x+"), "/b/+=@:&x+");
    EXPECT_EQ(wire_path(""), "");
}

TEST(WirePath, EncodesAllElse) {
    EXPECT_EQ(wire_path("/b/a b%?#\xc3\xa4"), "/b/a%20b%25%3F%23%C3%A4");
}

TEST(RequestBuilder, WithoutCredentialsNothingIsSigned) {
    RequestBuilder builder({parse_endpoint("http://h/", "b", false).value(), "us-east-1", "", "",
                            "private", std::chrono::seconds(3)});
    const HttpRequest request = builder.head("k", WallTime{});
    ASSERT_EQ(request.headers.size(), 1U);
    EXPECT_EQ(request.headers[0].name, "x-amz-date");
    EXPECT_EQ(request.timeout, std::chrono::seconds(3));
}

TEST(RequestBuilder, AMountTokenHasEightDigits) {
    RequestBuilder builder({parse_endpoint("http://h/", "b", false).value(), "us-east-1", "", "",
                            "private", Duration{}});
    PutRequest put;
    put.key = "s3backer-mounted";
    put.meta.mount_token = 0xbeef;
    const HttpRequest request = builder.put(put, WallTime{});
    const auto token =
        std::ranges::find(request.headers, "x-amz-meta-s3backer-mount-token", &Header::name);
    ASSERT_NE(token, request.headers.end());
    EXPECT_EQ(token->value, "0000beef");
}

}  // namespace
}  // namespace s3b::net
