// SPDX-License-Identifier: Apache-2.0
// Web identities, and the kinds of HTTP exchange that only sources of keys make.
#include <cstdlib>
#include <fstream>

#include "net/source_kinds.h"
#include "net/transfer.h"
#include "tests/net/source_fixture.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

const std::string kStsAnswer =
    R"(<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>subject</SubjectFromWebIdentityToken>
    <Credentials>
      <SessionToken>CANARY+token==</SessionToken>
      <SecretAccessKey>CANARY/secret</SecretAccessKey>
      <Expiration>2124-01-01T06:00:00Z</Expiration>
      <AccessKeyId>ASIA2</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>)";

class WebIdentitySourceTest : public SourceTest {
protected:
    WebIdentitySourceTest() {
        settings_.source = KeySource::WebIdentity;
        settings_.variables["AWS_ENDPOINT_URL_STS"] = service_.address();
        settings_.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
        settings_.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = directory_.path() + "/token";
        write_token("CANARY.a-b_c+/=\n");
        service_.answer("POST /", {{200, kStsAnswer}});
    }
    void write_token(const std::string& token) const {
        std::ofstream(directory_.path() + "/token") << token;
    }

    TemporaryDirectory directory_;
};

TEST_F(WebIdentitySourceTest, TheTokenIsExchangedForKeys) {
    const Result<AccessKeys> keys = fetch();
    EXPECT_EQ(shown(keys), "ASIA2 CANARY/secret CANARY+token==");
    EXPECT_TRUE(keys->expires.has_value());
    const KeyService::Request request = service_.requests().at(0);
    EXPECT_EQ(request.line, "POST /");
    EXPECT_EQ(request.headers.at("content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(request.body,
              "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
              "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=s3backer"
              "&WebIdentityToken=CANARY.a-b_c%2B%2F%3D");
}

TEST_F(WebIdentitySourceTest, TheTokenIsReadAnewEachTime) {
    expect_ok(fetch());
    write_token("CANARY2");
    settings_.variables["AWS_ROLE_SESSION_NAME"] = "mine";
    expect_ok(fetch());
    EXPECT_TRUE(service_.requests().at(1).body.ends_with("&WebIdentityToken=CANARY2"));
}

TEST_F(WebIdentitySourceTest, TheSessionMayHaveAName) {
    settings_.variables["AWS_ROLE_SESSION_NAME"] = "mine";
    expect_ok(fetch());
    EXPECT_NE(service_.requests().at(0).body.find("&RoleSessionName=mine&"), std::string::npos);
}

TEST_F(WebIdentitySourceTest, EachRegionHasAService) {
    EXPECT_EQ(sts_address("eu-west-3").value(), "https://sts.eu-west-3.amazonaws.com/");
    EXPECT_EQ(sts_address("cn-north-1").value(), "https://sts.cn-north-1.amazonaws.com.cn/");
    for (const char* region : {"", "x.y", "x/", "x@y", "EU"}) {
        expect_error(sts_address(region), Errc::InvalidArgument);
    }
}

TEST_F(WebIdentitySourceTest, WhatIsMissingIsInvalid) {
    for (const char* name : {"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}) {
        const std::string value = settings_.variables[name];
        settings_.variables.erase(name);
        source_.reset();
        expect_error(fetch(), Errc::InvalidArgument);
        settings_.variables[name] = value;
    }
    settings_.variables.erase("AWS_ENDPOINT_URL_STS");
    settings_.region = "evil.example/";
    source_.reset();
    expect_error(fetch(), Errc::InvalidArgument);
}

TEST_F(WebIdentitySourceTest, ARefusalIsFinalAndToldByItsStatus) {
    service_.answer("POST /", {{400, "<Error><Code>CANARY</Code></Error>"}});
    expect_error(fetch(), Errc::Refused);
    EXPECT_EQ(service_.requests().size(), 1U);
    expect_logged("status=400");
}

TEST_F(WebIdentitySourceTest, AnEndlessAnswerIsRefused) {
    service_.answer("POST /", {{200, "<a>" + std::string(100000, 'x') + "</a>"}});
    expect_error(fetch(), Errc::BadReply);
}

class SmallExchangeTest : public ::testing::Test {
protected:
    Result<HttpReply> send(const HttpRequest& request) {
        static constexpr auto kSend = [](Transfer& transfer, const HttpRequest& what,
                                         Result<HttpReply>& outcome) -> Task<void> {
            const Transfer::Place place = co_await transfer.place();
            outcome = co_await transfer.send(place, what);
        };
        Result<HttpReply> outcome = HttpReply();
        reactor_.run(kSend(*transfer_, request, outcome));
        return outcome;
    }
    void make_transfer() {
        initialise_curl();
        transfer_.emplace(reactor_.ring(), TransferSettings(), TrustStore(), counters_);
    }

    Reactor reactor_;
    StoreCounters counters_;
    std::optional<Transfer> transfer_;
    KeyService service_;
    std::vector<std::byte> into_ = std::vector<std::byte>(8);
};

TEST_F(SmallExchangeTest, TheAnswerOfAPostIsWanted) {
    make_transfer();
    service_.answer("POST /", {{200, "abc"}, {200, "123456789"}});
    const std::string body = "form";
    HttpRequest request;
    request.method = Method::Post;
    request.url = service_.address();
    request.body = std::as_bytes(std::span(body));
    request.into = into_;
    EXPECT_EQ(send(request)->received.value, 3U);
    EXPECT_EQ(service_.requests().at(0).body, "form");
    expect_error(send(request), Errc::OutcomeUnknown);
    request.method = Method::Get;
    request.body = {};
    service_.answer("GET /", {{200, "abc"}});
    EXPECT_EQ(send(request)->received.value, 3U);  // the handle is as before
}

TEST_F(SmallExchangeTest, TheAnswerOfAPutIsWantedOnlyIfThereIsRoom) {
    make_transfer();
    service_.answer("PUT /", {{200, "abc"}});
    HttpRequest request;
    request.method = Method::Put;
    request.url = service_.address();
    EXPECT_EQ(send(request)->received.value, 0U);
    request.into = into_;
    EXPECT_EQ(send(request)->received.value, 3U);
}

TEST_F(SmallExchangeTest, OnlyRequestsThatAreDirectAvoidTheProxy) {
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    make_transfer();
    unsetenv("http_proxy");
    service_.answer("GET /", {{200, "abc"}});
    HttpRequest request;
    request.url = service_.address();
    request.into = into_;
    request.direct = true;
    expect_ok(send(request));
    request.direct = false;
    expect_error(send(request), Errc::Unreachable);
    request.direct = true;
    expect_ok(send(request));
}

}  // namespace
}  // namespace s3b::net
