// SPDX-License-Identifier: Apache-2.0
// Signature version 2 against requests of known signature (wire-format.md 13.5), session tokens,
// and what becomes of credentials that have been replaced.
#include "tests/s3_server/signature_v2.h"

#include <gtest/gtest.h>

#include "tests/s3_server/request_auth.h"
#include "tests/s3_server/text.h"

namespace s3b::test {
namespace {

constexpr std::string_view kDate = "Tue, 02 Jan 2024 03:04:05 GMT";
constexpr std::time_t kNow = 1704164645;  // kDate
constexpr std::string_view kSecret = "SECRETKEYEXAMPLE";

AuthSettings settings() {
    AuthSettings settings;
    settings.access_id = "AKIDEXAMPLE";
    settings.secret = kSecret;
    return settings;
}

// "" when accepted, else "STATUS CODE" of the error.
std::string refusal(RequestAuth& auth, const Request& request, std::time_t now = kNow) {
    const auto answer = auth.check(request, now);
    if (!answer) {
        return {};
    }
    const std::string& xml = *answer->body;
    const size_t begin = xml.find("<Code>") + 6;
    return std::to_string(answer->status) + ' ' + xml.substr(begin, xml.find("</Code>") - begin);
}

std::string check(const Request& request, std::time_t now = kNow) {
    RequestAuth auth(settings());
    return refusal(auth, request, now);
}

Request request_of(std::string_view method, std::string_view target,
                   std::vector<HeaderView> headers) {
    Request request;
    request.method = method;
    request.set_target(target);
    request.headers = std::move(headers);
    return request;
}

// The signature of this text, and the memory of the header made of it.
class Signed {
public:
    Signed(Request request, std::string_view text)
        : header_("AWS AKIDEXAMPLE:" + base64_encode(hmac_sha1(kSecret, text))),
          request_(std::move(request)) {
        request_.headers.push_back({"Authorization", header_});
    }
    Signed(const Signed&) = delete;
    Signed& operator=(const Signed&) = delete;

    const Request& request() const { return request_; }

private:
    std::string header_;
    Request request_;
};

Request block_put() {
    return request_of("PUT", "/mybucket/00000000",
                      {{"Host", "127.0.0.1:9000"},
                       {"Date", kDate},
                       {"Content-Type", "application/x-s3backer-block"},
                       {"Content-MD5", "OXHOaT7jIhcllkBpI23NIA=="},
                       {"x-amz-acl", "private"},
                       {"x-amz-meta-s3backer-blocksize", "4096"},
                       {"x-amz-meta-s3backer-filesize", "1048576"},
                       {"Authorization", "AWS AKIDEXAMPLE:cb38GePCr58ZO56AVsW4+JMMlYI="}});
}

TEST(SignatureV2, AcceptsBlockPut) { EXPECT_EQ(check(block_put()), ""); }

TEST(SignatureV2, AcceptsListWithoutItsQuery) {
    const Request list =
        request_of("GET", "/mybucket?max-keys=256&prefix=p%2F",
                   {{"Host", "127.0.0.1:9000"},
                    {"Date", kDate},
                    {"Authorization", "AWS AKIDEXAMPLE:mz4GEOsv4gKhIby8D2ChXxuYpW0="}});
    EXPECT_EQ(check(list), "");
}

TEST(SignatureV2, EverySignedPartCounts) {
    Request method = block_put();
    method.method = "GET";
    EXPECT_EQ(check(method), "403 SignatureDoesNotMatch");
    Request path = block_put();
    path.set_target("/mybucket/00000001");
    EXPECT_EQ(check(path), "403 SignatureDoesNotMatch");
    for (size_t i = 1; i + 1 < block_put().headers.size(); ++i) {
        Request changed = block_put();
        changed.headers[i].value = i == 1 ? "Tue, 02 Jan 2024 03:04:06 GMT" : "x";
        EXPECT_EQ(check(changed), "403 SignatureDoesNotMatch") << changed.headers[i].name;
    }
    Request added = block_put();
    added.headers.push_back({"x-amz-storage-class", "GLACIER"});
    EXPECT_EQ(check(added), "403 SignatureDoesNotMatch");
}

TEST(SignatureV2, VirtualHostPutsTheBucketBeforeThePath) {
    const Request list =
        request_of("GET", "/?prefix=p", {{"Host", "mybucket.localhost:9000"}, {"Date", kDate}});
    const std::string date_line = std::string(kDate) + '\n';
    EXPECT_EQ(check(Signed(list, "GET\n\n\n" + date_line + "/mybucket/").request()), "");
    EXPECT_EQ(check(Signed(list, "GET\n\n\n" + date_line + "/").request()),
              "403 SignatureDoesNotMatch");
}

TEST(SignatureV2, BulkDeleteSignsItsSubresource) {
    const Request post =
        request_of("POST", "/mybucket?delete", {{"Host", "127.0.0.1"}, {"Date", kDate}});
    const std::string lines = "POST\n\n\n" + std::string(kDate) + "\n/mybucket";
    EXPECT_EQ(check(Signed(post, lines + "?delete").request()), "");
    EXPECT_EQ(check(Signed(post, lines).request()), "403 SignatureDoesNotMatch");
}

TEST(SignatureV2, AmazonDateReplacesDate) {
    const Request get =
        request_of("GET", "/b/k", {{"Date", "now"}, {"x-amz-date", "20240102T030405Z"}});
    const std::string text = "GET\n\n\n\nx-amz-date:20240102T030405Z\n/b/k";
    EXPECT_EQ(check(Signed(get, text).request()), "");
}

TEST(SignatureV2, PathAsSentOrDecoded) {
    const Request get = request_of("GET", "/b/a%20b", {{"Date", kDate}});
    const std::string lines = "GET\n\n\n" + std::string(kDate) + '\n';
    EXPECT_EQ(check(Signed(get, lines + "/b/a%20b").request()), "");
    EXPECT_EQ(check(Signed(get, lines + "/b/a b").request()), "");
    EXPECT_EQ(check(Signed(get, lines + "/b/a+b").request()), "403 SignatureDoesNotMatch");
}

TEST(SignatureV2, DateIsNeededAndWithinFifteenMinutes) {
    EXPECT_EQ(check(block_put(), kNow + 900), "");
    EXPECT_EQ(check(block_put(), kNow - 901), "403 RequestTimeTooSkewed");
    Request dateless = block_put();
    dateless.headers[1].value = "yesterday";
    EXPECT_EQ(check(dateless), "403 AccessDenied");
}

TEST(SignatureV2, WrongIdAndMalformedHeader) {
    Request put = block_put();
    put.headers.back().value = "AWS OTHER:cb38GePCr58ZO56AVsW4+JMMlYI=";
    EXPECT_EQ(check(put), "403 InvalidAccessKeyId");
    put.headers.back().value = "AWS AKIDEXAMPLE";
    EXPECT_EQ(check(put), "400 InvalidArgument");
}

TEST(SignatureV2, CustomerKeyIsNotShownInErrors) {
    Request put = block_put();
    put.headers.push_back({"x-amz-server-side-encryption-customer-key", "dG9wc2VjcmV0"});
    RequestAuth auth(settings());
    const auto answer = auth.check(put, kNow);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body->find("dG9wc2VjcmV0"), std::string::npos);
    EXPECT_NE(answer->body->find("customer-key:(not shown)\n"), std::string::npos);
}

// Version 4, unsigned but for the id and the token, which are looked at first.
class SessionTokenTest : public testing::Test {
protected:
    SessionTokenTest() {
        AuthSettings given = settings();
        given.session_token = "TOKEN1";
        auth_ = std::make_unique<RequestAuth>(given);
    }

    std::string answer(std::string_view id, std::string_view token) {
        const std::string header = "AWS4-HMAC-SHA256 Credential=" + std::string(id) +
                                   "/20240102/us-east-1/s3/aws4_request, SignedHeaders=host, "
                                   "Signature=0";
        Request request = request_of(
            "GET", "/b/k", {{"x-amz-date", "20240102T030405Z"}, {"Authorization", header}});
        if (!token.empty()) {
            request.headers.push_back({"x-amz-security-token", token});
        }
        return refusal(*auth_, request);
    }

    static constexpr std::string_view kPassed = "403 AccessDenied";  // x-amz-date is not signed
    std::unique_ptr<RequestAuth> auth_;
};

TEST_F(SessionTokenTest, MustBeCarriedAndSigned) {
    EXPECT_EQ(answer("AKIDEXAMPLE", "TOKEN1"), kPassed);
    EXPECT_EQ(answer("AKIDEXAMPLE", ""), "403 InvalidAccessKeyId");
    EXPECT_EQ(answer("AKIDEXAMPLE", "TOKEN2"), "400 InvalidToken");
}

TEST_F(SessionTokenTest, RotationMakesOldCredentialsUnknown) {
    auth_->rotate("ID2", "S2", "TOKEN2", false);
    EXPECT_EQ(answer("ID2", "TOKEN2"), kPassed);
    EXPECT_EQ(answer("AKIDEXAMPLE", "TOKEN1"), "403 InvalidAccessKeyId");
    auth_->rotate("ID2", "S2", "TOKEN3", false);
    EXPECT_EQ(answer("ID2", "TOKEN2"), "403 InvalidAccessKeyId");
}

TEST_F(SessionTokenTest, RotationMayExpireOldCredentials) {
    auth_->rotate("ID2", "S2", "TOKEN2", true);
    EXPECT_EQ(answer("AKIDEXAMPLE", "TOKEN1"), "400 ExpiredToken");
    auth_->rotate("ID2", "S2", "TOKEN3", true);
    EXPECT_EQ(answer("ID2", "TOKEN2"), "400 ExpiredToken");
    EXPECT_EQ(answer("ID2", "TOKEN3"), kPassed);
}

}  // namespace
}  // namespace s3b::test
