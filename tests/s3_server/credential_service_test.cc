// SPDX-License-Identifier: Apache-2.0
// The credential endpoints over HTTP, and the credentials that requests are accepted with.
#include "tests/s3_server/credential_service.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/s3_server/http_client.h"
#include "tests/s3_server/server.h"
#include "tests/s3_server/text.h"

namespace s3b::test {
namespace {

constexpr std::string_view kRolesPath = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view kSts = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
constexpr std::string_view kStsRest =
    "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=s&WebIdentityToken=";

class CredentialServiceTest : public testing::Test {
protected:
    void start(std::vector<std::string_view> options) {
        options.emplace_back("--bucket=b");
        ParsedOptions parsed = parse_options(options);
        ASSERT_EQ(parsed.error, "");
        server_ = std::make_unique<Server>(parsed.options);
    }

    std::string request(std::string_view method, std::string_view target,
                        std::string_view headers = {}, std::string_view body = {}) const {
        return http_request(server_->port(), method, target, headers, body);
    }

    unsigned status(std::string_view method, std::string_view target, std::string_view headers = {},
                    std::string_view body = {}) const {
        return http_status(request(method, target, headers, body));
    }

    // The code of the error that an S3 request with version 4 meets; AccessDenied when id and
    // token are good, as nothing is signed.
    std::string s3_code(const std::string& id, const std::string& token) const {
        const std::string answer =
            request("GET", "/b/k",
                    "Authorization: AWS4-HMAC-SHA256 Credential=" + id +
                        "/20240102/r/s3/aws4_request, SignedHeaders=host, Signature=0\r\n"
                        "x-amz-date: 20240102T030405Z\r\nx-amz-security-token: " +
                        token + "\r\n");
        const size_t begin = answer.find("<Code>") + 6;
        return std::to_string(http_status(answer)) + ' ' +
               answer.substr(begin, answer.find("</Code>") - begin);
    }

    std::unique_ptr<Server> server_;
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string body_of(const std::string& answer) {
    return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
}

// The value of "NAME" : "VALUE".
std::string json_value(const std::string& json, const std::string& name) {
    const std::string start = '"' + name + "\" : \"";
    const size_t begin = json.find(start);
    if (begin == std::string::npos) {
        return {};
    }
    const size_t value = begin + start.size();
    return json.substr(value, json.find('"', value) - value);
}

TEST_F(CredentialServiceTest, InstanceMetadataGivesCredentials) {
    start({"--credentials=ID:SECRET:TOKEN:100"});
    EXPECT_EQ(body_of(request("GET", kRolesPath)), "test-role");
    const std::string before = iso_seconds(std::time(nullptr) + 100);
    const std::string json = body_of(request("GET", std::string(kRolesPath) + "any"));
    const std::string after = iso_seconds(std::time(nullptr) + 100);
    EXPECT_EQ(json_value(json, "Code"), "Success");
    EXPECT_EQ(json_value(json, "AccessKeyId"), "ID");
    EXPECT_EQ(json_value(json, "SecretAccessKey"), "SECRET");
    EXPECT_EQ(json_value(json, "Token"), "TOKEN");
    EXPECT_LE(before, json_value(json, "Expiration"));
    EXPECT_GE(after, json_value(json, "Expiration"));
    EXPECT_EQ(status("GET", "/latest/meta-data/hostname"), 404U);
}

TEST_F(CredentialServiceTest, OnlyTheGivenRoleExists) {
    start({"--credentials=ID:SECRET:TOKEN", "--role=mine"});
    EXPECT_EQ(body_of(request("GET", kRolesPath)), "mine");
    EXPECT_EQ(status("GET", std::string(kRolesPath) + "mine"), 200U);
    EXPECT_EQ(status("GET", std::string(kRolesPath) + "other"), 404U);
}

TEST_F(CredentialServiceTest, Version2NeedsAToken) {
    start({"--credentials=ID:SECRET:TOKEN", "--imds-v2-only"});
    const std::string role = std::string(kRolesPath) + "r";
    EXPECT_EQ(status("GET", role), 401U);
    EXPECT_EQ(status("PUT", "/latest/api/token"), 400U);
    EXPECT_EQ(status("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 21601\r\n"),
              400U);
    const std::string answer =
        request("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 21600\r\n");
    ASSERT_EQ(http_status(answer), 200U);
    const std::string line = "X-aws-ec2-metadata-token: " + body_of(answer);
    EXPECT_EQ(status("GET", role, line + "\r\n"), 200U);
    EXPECT_EQ(status("GET", role, line + "x\r\n"), 401U);
}

TEST_F(CredentialServiceTest, ContainerEndpointChecksItsHeader) {
    start({"--credentials=ID:SECRET:TOKEN", "--container-authorization=Bearer x"});
    EXPECT_EQ(status("GET", "/v2/credentials/1"), 401U);
    EXPECT_EQ(status("GET", "/v2/credentials/1", "Authorization: Bearer y\r\n"), 401U);
    const std::string json =
        body_of(request("GET", "/v2/credentials/1", "Authorization: Bearer x\r\n"));
    EXPECT_EQ(json_value(json, "AccessKeyId"), "ID");
    EXPECT_EQ(json_value(json, "SecretAccessKey"), "SECRET");
    EXPECT_EQ(json_value(json, "Token"), "TOKEN");
    EXPECT_EQ(json_value(json, "Expiration").size(), 20U);
}

TEST_F(CredentialServiceTest, WebIdentityByQueryAndForm) {
    start({"--credentials=ID:SECRET:a&b", "--web-identity-token=right one"});
    const std::string good = std::string(kSts) + std::string(kStsRest) + "right";
    for (const std::string& answer :
         {request("GET", "/?" + good + "%20one"), request("POST", "/", {}, good + "+one")}) {
        EXPECT_EQ(http_status(answer), 200U);
        EXPECT_TRUE(contains(answer, "<AssumeRoleWithWebIdentityResponse xmlns="));
        EXPECT_TRUE(contains(answer,
                             "<Credentials><AccessKeyId>ID</AccessKeyId><SecretAccessKey>SECRET"
                             "</SecretAccessKey><SessionToken>a&amp;b</SessionToken><Expiration>"));
    }
}

TEST_F(CredentialServiceTest, WebIdentityRefusesWrongRequests) {
    start({"--credentials=ID:SECRET:TOKEN", "--web-identity-token=right"});
    const std::string wrong =
        request("POST", "/", {}, std::string(kSts) + std::string(kStsRest) + "wrong");
    EXPECT_EQ(http_status(wrong), 400U);
    EXPECT_TRUE(contains(wrong, "<Code>InvalidIdentityToken</Code>"));
    EXPECT_TRUE(contains(request("POST", "/", {}, kSts), "<Code>ValidationError</Code>"));
    EXPECT_TRUE(contains(request("GET", "/?Action=AssumeRole"), "<Code>InvalidAction</Code>"));
}

TEST_F(CredentialServiceTest, RotationChangesWhatIsGivenAndAccepted) {
    start({"--credentials=ID:SECRET:TOKEN:50", "--any-date"});
    EXPECT_EQ(s3_code("ID", "TOKEN"), "403 AccessDenied");
    EXPECT_EQ(status("POST", "/_admin/credentials?id=ID2&secret=S2&token=T2&lifetime=70"), 200U);
    const std::string before = iso_seconds(std::time(nullptr) + 70);
    const std::string json = body_of(request("GET", "/v2/credentials/1"));
    EXPECT_EQ(json_value(json, "AccessKeyId"), "ID2");
    EXPECT_EQ(json_value(json, "SecretAccessKey"), "S2");
    EXPECT_EQ(json_value(json, "Token"), "T2");
    EXPECT_LE(before, json_value(json, "Expiration"));
    EXPECT_EQ(s3_code("ID2", "T2"), "403 AccessDenied");
    EXPECT_EQ(s3_code("ID", "TOKEN"), "403 InvalidAccessKeyId");
    EXPECT_EQ(status("POST", "/_admin/credentials?id=ID3&secret=S3&token=T3&expired"), 200U);
    EXPECT_EQ(s3_code("ID2", "T2"), "400 ExpiredToken");
    EXPECT_EQ(status("POST", "/_admin/credentials?id=ID4"), 400U);
    EXPECT_EQ(s3_code("ID3", "T3"), "403 AccessDenied");
}

TEST_F(CredentialServiceTest, AreCountedAndMeetFaults) {
    start({"--credentials=ID:SECRET:TOKEN"});
    request("POST", "/_admin/faults", {}, "method=CREDENTIALS&key=latest/&status=500");
    EXPECT_EQ(status("GET", "/v2/credentials/1"), 200U);
    EXPECT_EQ(status("GET", kRolesPath), 500U);
    EXPECT_EQ(status("GET", kRolesPath), 200U);
    EXPECT_TRUE(contains(request("GET", "/_admin/stats"), "\"credentials\":3,"));
    EXPECT_TRUE(
        contains(request("GET", "/_admin/stats?key=v2/credentials/1"), "\"CREDENTIALS\":1}"));
}

TEST_F(CredentialServiceTest, ThereAreNoneUnlessEnabled) {
    start({"--no-auth"});
    EXPECT_TRUE(contains(request("GET", "/v2/credentials/1"), "NoSuchBucket"));
    EXPECT_TRUE(contains(request("GET", "/_admin/stats"), "\"credentials\":0,"));
}

TEST(CredentialOptions, AreChecked) {
    EXPECT_NE(parse_options({"--no-auth", "--imds-v2-only"}).error, "");
    EXPECT_NE(parse_options({"--no-auth", "--role=r"}).error, "");
    for (const char* wrong : {"--credentials=a:b", "--credentials=a:b:", "--credentials=a:b:c:x",
                              "--credentials=a:b:c:1:2", "--role="}) {
        EXPECT_NE(parse_options({wrong}).error, "") << wrong;
    }
}

}  // namespace
}  // namespace s3b::test
