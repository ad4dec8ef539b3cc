// SPDX-License-Identifier: Apache-2.0
// Endpoints and paths: wire-format.md 1.1, 1.2, 1.7, 4.2 and 12.
#include "net/s3_request.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/sigv2.h"

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

class RequestBuilderTest : public ::testing::Test {
protected:
    RequestBuilderTest() {
        settings_.endpoint = parse_endpoint("http://h/base/", "b", false).value();
        settings_.region = "us-east-1";
        settings_.access_type = "private";
    }
    static AccessKeys keys(const char* token) {
        AccessKeys keys;
        keys.id = "ID";
        keys.secret = "SECRET";
        keys.session_token = token;
        return keys;
    }
    HttpRequest head() { return RequestBuilder(settings_).head("k", WallTime{}); }
    HttpRequest put(const PutRequest& request) {
        return RequestBuilder(settings_).put(request, WallTime{});
    }

    RequestBuilder::Settings settings_;
};

std::optional<std::string> value_of(const HttpRequest& request, std::string_view name) {
    const auto found = std::ranges::find(request.headers, name, &Header::name);
    if (found == request.headers.end()) return std::nullopt;
    return found->value;
}

TEST_F(RequestBuilderTest, WithoutCredentialsNothingIsSigned) {
    settings_.timeout = std::chrono::seconds(3);
    HttpRequest request = head();
    ASSERT_EQ(request.headers.size(), 1U);
    EXPECT_EQ(request.headers[0].name, "x-amz-date");
    EXPECT_EQ(request.timeout, std::chrono::seconds(3));
    settings_.aws2 = true;
    request = head();
    ASSERT_EQ(request.headers.size(), 1U);
    EXPECT_EQ(request.headers[0].name, "Date");
}

TEST_F(RequestBuilderTest, AMountTokenHasEightDigits) {
    PutRequest put_request;
    put_request.key = "s3backer-mounted";
    put_request.meta.mount_token = 0xbeef;
    EXPECT_EQ(value_of(put(put_request), "x-amz-meta-s3backer-mount-token"), "0000beef");
}

TEST_F(RequestBuilderTest, ASessionTokenIsSentAndSigned) {
    settings_.keys = keys("TOKEN");
    const HttpRequest request = head();
    EXPECT_EQ(value_of(request, "x-amz-security-token"), "TOKEN");
    EXPECT_NE(value_of(request, "Authorization")
                  ->find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"),
              std::string::npos);
    settings_.aws2 = true;
    const HttpRequest with = head();
    EXPECT_EQ(value_of(with, "x-amz-security-token"), "TOKEN");
    settings_.keys = keys("");
    const HttpRequest without = head();
    EXPECT_EQ(value_of(without, "x-amz-security-token"), std::nullopt);
    EXPECT_NE(value_of(with, "Authorization"), value_of(without, "Authorization"));
}

TEST_F(RequestBuilderTest, KeysCanBeReplaced) {
    for (const bool aws2 : {false, true}) {
        settings_.aws2 = aws2;
        settings_.keys = AccessKeys();
        RequestBuilder builder(settings_);
        EXPECT_EQ(value_of(builder.head("k", WallTime{}), "Authorization"), std::nullopt);
        builder.set_keys(keys("OLD"));
        builder.set_keys(keys("NEW"));
        const HttpRequest request = builder.head("k", WallTime{});
        settings_.keys = keys("NEW");
        EXPECT_EQ(value_of(request, "x-amz-security-token"), "NEW");
        EXPECT_EQ(value_of(request, "Authorization"), value_of(head(), "Authorization"));
        builder.set_keys(AccessKeys());
        EXPECT_EQ(value_of(builder.head("k", WallTime{}), "Authorization"), std::nullopt);
    }
}

TEST_F(RequestBuilderTest, StorageClassGoesWithPutAndDelete) {
    settings_.storage_class = "STANDARD_IA";
    RequestBuilder builder(settings_);
    EXPECT_EQ(value_of(builder.put(PutRequest(), WallTime{}), "x-amz-storage-class"),
              "STANDARD_IA");
    EXPECT_EQ(value_of(builder.remove("k", WallTime{}), "x-amz-storage-class"), "STANDARD_IA");
    EXPECT_EQ(value_of(builder.head("k", WallTime{}), "x-amz-storage-class"), std::nullopt);
    EXPECT_EQ(value_of(builder.get("k", {}, {}, WallTime{}), "x-amz-storage-class"), std::nullopt);
}

TEST_F(RequestBuilderTest, ServerSideEncryptionGoesWithPutOnly) {
    settings_.sse = "AES256";
    settings_.sse_key_id = "unused";
    RequestBuilder builder(settings_);
    const HttpRequest put_request = builder.put(PutRequest(), WallTime{});
    EXPECT_EQ(value_of(put_request, "x-amz-server-side-encryption"), "AES256");
    EXPECT_EQ(value_of(put_request, "x-amz-server-side-encryption-aws-kms-key-id"), std::nullopt);
    for (const HttpRequest& other : {builder.remove("k", WallTime{}), builder.head("k", WallTime{}),
                                     builder.get("k", {}, {}, WallTime{})}) {
        EXPECT_EQ(value_of(other, "x-amz-server-side-encryption"), std::nullopt);
    }
}

TEST_F(RequestBuilderTest, ACustomersKeyGoesWithWhatReadsOrWritesAnObject) {
    settings_.sse_customer_key = "0123456789abcdef0123456789ABCDEF";
    RequestBuilder builder(settings_);
    const std::string prefix = "x-amz-server-side-encryption-customer-";
    for (const HttpRequest& one :
         {builder.put(PutRequest(), WallTime{}), builder.head("k", WallTime{}),
          builder.get("k", {}, {}, WallTime{})}) {
        EXPECT_EQ(value_of(one, prefix + "algorithm"), "AES256");
        EXPECT_EQ(value_of(one, prefix + "key"), "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY=");
        EXPECT_EQ(value_of(one, prefix + "key-md5"), "V5euSAsQOO0sIBHETfEa4w==");
    }
    EXPECT_EQ(value_of(builder.remove("k", WallTime{}), prefix + "key"), std::nullopt);
}

TEST_F(RequestBuilderTest, APutMayAskForAnObjectThatIsNotThere) {
    PutRequest request;
    EXPECT_EQ(value_of(put(request), "If-None-Match"), std::nullopt);
    request.only_if_absent = true;
    EXPECT_EQ(value_of(put(request), "If-None-Match"), "*");
}

TEST_F(RequestBuilderTest, ListsSayOnlyWhatTheyAreTold) {
    RequestBuilder builder(settings_);
    ListRequest list;
    list.prefix = "p &/";
    list.max_keys = 7;
    EXPECT_EQ(builder.list(list, ListPrefix::Omit, WallTime{}).url, "http://h/base/b?max-keys=7");
    EXPECT_EQ(builder.list(list, ListPrefix::Send, WallTime{}).url,
              "http://h/base/b?max-keys=7&prefix=p%20%26%2F");
    list.prefix = "";
    list.after = "p+1";
    EXPECT_EQ(builder.list(list, ListPrefix::Send, WallTime{}).url,
              "http://h/base/b?marker=p%2B1&max-keys=7&prefix=");
}

TEST_F(RequestBuilderTest, ABulkDeleteFollowsTheStyleOfTheUrl) {
    const BulkDelete bulk = make_bulk_delete({});
    EXPECT_EQ(RequestBuilder(settings_).remove_many(bulk, WallTime{}).url,
              "http://h/base/b?delete");
    settings_.endpoint = parse_endpoint("http://b.h/base/", "b", true).value();
    EXPECT_EQ(RequestBuilder(settings_).remove_many(bulk, WallTime{}).url,
              "http://b.h/base/?delete");
}

// The sub-resource and the bucket are signed, a path of the base URL is not.
TEST_F(RequestBuilderTest, Aws2SignsTheResourceThatS3Means) {
    settings_.aws2 = true;
    settings_.keys = keys("");
    const BulkDelete bulk = make_bulk_delete({});
    const auto signature = [&](const HttpRequest& request, const char* resource) {
        PartsOfV2 parts;
        const std::span<const Header> headers(request.headers);
        parts.method = request.method;
        parts.headers = headers.first(headers.size() - 1);
        parts.resource = resource;
        EXPECT_EQ(value_of(request, "Authorization"), authorization_v2(parts, settings_.keys))
            << resource;
    };
    for (const bool vhost : {false, true}) {
        settings_.endpoint = parse_endpoint("http://b.h/base/", "b", vhost).value();
        RequestBuilder builder(settings_);
        signature(builder.head("a b", WallTime{}), "/b/a%20b");
        signature(builder.remove_many(bulk, WallTime{}), vhost ? "/b/?delete" : "/b?delete");
        signature(builder.list(ListRequest(), ListPrefix::Send, WallTime{}), vhost ? "/b/" : "/b");
    }
}

}  // namespace
}  // namespace s3b::net
