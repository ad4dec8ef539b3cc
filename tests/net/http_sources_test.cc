// SPDX-License-Identifier: Apache-2.0
// The sources of machines in the cloud: EC2 roles and containers.
#include <cstdlib>
#include <fstream>

#include "engine/reactor/task_group.h"
#include "tests/net/certificate.h"
#include "tests/net/source_fixture.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

const std::string kDocument = R"({
  "Code" : "Success", "LastUpdated" : "2024-01-01T00:00:00Z", "Type" : "AWS-HMAC",
  "AccessKeyId" : "ASIA1", "SecretAccessKey" : "CANARY/secret", "Token" : "CANARY+token\/==",
  "Expiration" : "2124-01-01T06:00:00Z"
})";

class Ec2SourceTest : public SourceTest {
protected:
    Ec2SourceTest() {
        settings_.source = KeySource::Ec2Role;
        settings_.role = "my-role";
        settings_.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = service_.address() + "/";
    }
    const std::string kRole = "GET /latest/meta-data/iam/security-credentials/my-role";
    const std::string kToken = "PUT /latest/api/token";
};

TEST_F(Ec2SourceTest, Version1AsksForTheRoleOnly) {
    service_.answer(kRole, {{200, kDocument}});
    EXPECT_EQ(shown(fetch()), "ASIA1 CANARY/secret CANARY+token/==");
    const auto requests = service_.requests();
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_FALSE(requests[0].headers.contains("authorization"));
    EXPECT_FALSE(requests[0].headers.contains("x-amz-date"));
}

TEST_F(Ec2SourceTest, Version2FetchesATokenEachTimeAndShowsIt) {
    settings_.imds_v2 = true;
    service_.answer(kToken, {{200, "CANARY-1=="}, {200, "CANARY-2=="}});
    service_.answer(kRole, {{200, kDocument}});
    expect_ok(fetch());
    expect_ok(fetch());
    const auto requests = service_.requests();
    ASSERT_EQ(requests.size(), 4U);
    EXPECT_EQ(requests[0].line, kToken);
    EXPECT_EQ(requests[0].headers.at("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
    EXPECT_EQ(requests[0].headers.at("content-length"), "0");
    EXPECT_FALSE(requests[0].headers.contains("content-type"));
    EXPECT_EQ(requests[1].headers.at("x-aws-ec2-metadata-token"), "CANARY-1==");
    EXPECT_EQ(requests[3].headers.at("x-aws-ec2-metadata-token"), "CANARY-2==");
}

TEST_F(Ec2SourceTest, AnUnknownRoleIsNotFoundAtOnce) {
    expect_error(fetch(), Errc::NotFound);
    EXPECT_EQ(service_.requests().size(), 1U);
    expect_logged("status=404");
}

TEST_F(Ec2SourceTest, AServiceThatFailsIsAskedAgain) {
    service_.answer(kRole, {{500, "CANARY"}, {0, ""}, {200, kDocument}});
    expect_ok(fetch());
    EXPECT_EQ(service_.requests().size(), 3U);
}

TEST_F(Ec2SourceTest, AServiceThatFailsForEverIsGivenUp) {
    service_.answer(kRole, {{503, "CANARY"}});
    expect_error(fetch(), Errc::ServerError);
    EXPECT_EQ(service_.requests().size(), 3U);
}

TEST_F(Ec2SourceTest, ARefusalIsFinal) {
    service_.answer(kRole, {{401, "CANARY"}});
    expect_error(fetch(), Errc::Unauthorized);
    settings_.imds_v2 = true;
    source_.reset();
    service_.answer(kToken, {{403, "CANARY"}});
    expect_error(fetch(), Errc::Forbidden);
    EXPECT_EQ(service_.requests().size(), 2U);
}

TEST_F(Ec2SourceTest, AnAnswerOfUpTo2048BytesIsTaken) {
    service_.answer(kRole, {{200, kDocument + std::string(2048 - kDocument.size(), ' ')}});
    expect_ok(fetch());
    service_.answer(kRole, {{200, kDocument + std::string(2049 - kDocument.size(), ' ')}});
    expect_error(fetch(), Errc::BadReply);
}

TEST_F(Ec2SourceTest, ATokenOfUpTo1024BytesIsTaken) {
    settings_.imds_v2 = true;
    service_.answer(kRole, {{200, kDocument}});
    service_.answer(kToken, {{200, std::string(1024, 't')}});
    expect_ok(fetch());
    service_.answer(kToken, {{200, std::string(1025, 't')}});
    expect_error(fetch(), Errc::BadReply);
}

TEST_F(Ec2SourceTest, ATokenThatForgesHeadersIsRefused) {
    settings_.imds_v2 = true;
    for (const char* token : {"", "a\r\nHost: b", "a b"}) {
        service_.answer(kToken, {{200, token}});
        expect_error(fetch(), Errc::BadReply);
    }
}

TEST_F(Ec2SourceTest, ADocumentWithoutAFieldIsInvalid) {
    service_.answer(kRole, {{200, R"({"AccessKeyId":"A","SecretAccessKey":"CANARY"})"}});
    expect_error(fetch(), Errc::InvalidArgument);
}

TEST_F(Ec2SourceTest, TheAddressIsThatOfAllInstances) {
    EXPECT_EQ(settings_.ec2_address, "http://169.254.169.254");
    settings_.ec2_address = service_.address();
    settings_.variables.clear();
    service_.answer(kRole, {{200, kDocument}});
    expect_ok(fetch());
}

TEST_F(Ec2SourceTest, NoProxyComesBetween) {
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    service_.answer(kRole, {{200, kDocument}});
    const Result<AccessKeys> keys = fetch();
    unsetenv("http_proxy");
    expect_ok(keys);
}

TEST_F(Ec2SourceTest, AnAddressThatIsNoneIsInvalid) {
    for (const char* address : {"ftp://127.0.0.1", "127.0.0.1", "http://", "http://CANARY@h"}) {
        settings_.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = address;
        source_.reset();
        expect_error(fetch(), Errc::InvalidArgument);
    }
}

TEST_F(Ec2SourceTest, AStopEndsTheFetchThatWaits) {
    settings_.initial_retry_pause = std::chrono::hours(1);
    settings_.max_retry_pause = std::chrono::hours(1);
    static constexpr auto kFetch = [](CredentialSource& source) -> Task<void> {
        const Result<AccessKeys> keys = co_await source.fetch();
        expect_error(keys, Errc::Cancelled);
    };
    static constexpr auto kStop = [](KeyService& service, CredentialSource& source) -> Task<void> {
        TaskGroup group;
        group.spawn(kFetch(source));
        while (service.requests().empty()) {
            co_await yield();
        }
        source.stop();
        co_await group.join();
    };
    service_.answer(kRole, {{500, ""}});
    source_ = make_source(reactor_.ring(), settings_);
    reactor_.run(kStop(service_, *source_));
    expect_error(fetch(), Errc::Cancelled);
}

class ContainerSourceTest : public SourceTest {
protected:
    ContainerSourceTest() {
        settings_.source = KeySource::Container;
        settings_.container_address = service_.address();
        service_.answer("GET /v2/credentials/1", {{200, kDocument}});
    }
    std::string& variable_of(const char* name) { return settings_.variables[name]; }
};

TEST_F(ContainerSourceTest, ARelativeAddressIsOfTheServiceOfEcs) {
    EXPECT_EQ(KeySourceSettings().container_address, "http://169.254.170.2");
    variable_of("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") = "/v2/credentials/1";
    variable_of("AWS_CONTAINER_CREDENTIALS_FULL_URI") = "http://127.0.0.1:1/";
    EXPECT_EQ(shown(fetch()), "ASIA1 CANARY/secret CANARY+token/==");
    EXPECT_FALSE(service_.requests().at(0).headers.contains("authorization"));
}

TEST_F(ContainerSourceTest, ARelativeAddressThatLeadsElsewhereIsRefused) {
    for (const char* path : {"x", "@127.0.0.1/", ".evil.example/"}) {
        variable_of("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") = path;
        source_.reset();
        expect_error(fetch(), Errc::InvalidArgument);
    }
}

TEST_F(ContainerSourceTest, AFullAddressIsAskedWithTheAuthorization) {
    variable_of("AWS_CONTAINER_CREDENTIALS_FULL_URI") = service_.address() + "/v2/credentials/1";
    variable_of("AWS_CONTAINER_AUTHORIZATION_TOKEN") = "Basic CANARY";
    expect_ok(fetch());
    EXPECT_EQ(service_.requests().at(0).headers.at("authorization"), "Basic CANARY");
}

TEST_F(ContainerSourceTest, ATokenFileIsReadAnewEachTime) {
    const TemporaryDirectory directory;
    settings_.directory = directory.path();
    variable_of("AWS_CONTAINER_CREDENTIALS_FULL_URI") = service_.address() + "/v2/credentials/1";
    variable_of("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") = "token";
    variable_of("AWS_CONTAINER_AUTHORIZATION_TOKEN") = "not this";
    std::ofstream(directory.path() + "/token") << "CANARY-1\n";
    expect_ok(fetch());
    std::ofstream(directory.path() + "/token") << "CANARY-2";
    expect_ok(fetch());
    EXPECT_EQ(service_.requests().at(0).headers.at("authorization"), "CANARY-1");
    EXPECT_EQ(service_.requests().at(1).headers.at("authorization"), "CANARY-2");
}

TEST_F(ContainerSourceTest, ATokenFileThatHoldsNoTokenIsRefused) {
    const TemporaryDirectory directory;
    variable_of("AWS_CONTAINER_CREDENTIALS_FULL_URI") = service_.address() + "/v2/credentials/1";
    variable_of("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") = directory.path() + "/token";
    expect_error(fetch(), Errc::NotFound);
    std::ofstream(directory.path() + "/token") << "CANARY\nHost: x\n";
    expect_error(fetch(), Errc::InvalidArgument);
    std::ofstream(directory.path() + "/token") << std::string(100000, 'x');
    expect_error(fetch(), Errc::NoSpace);
    EXPECT_TRUE(service_.requests().empty());
}

TEST_F(ContainerSourceTest, AnAddressInTheClearMustBeLocal) {
    settings_.max_retry_pause = Duration{};
    settings_.connect_timeout = std::chrono::milliseconds(1);
    const auto refused = [this](const char* address) {
        variable_of("AWS_CONTAINER_CREDENTIALS_FULL_URI") = address;
        source_.reset();
        const Result<AccessKeys> keys = fetch();
        return !keys.has_value() && keys.error().code == Errc::InvalidArgument;
    };
    for (const char* address :
         {"http://example.com/", "http://169.254.169.254/", "http://128.0.0.1/", "http://[::2]/",
          "http://127.0.0.1.example/", "http://127.0.0.1@example.com/", "file:///etc/passwd",
          "http://[fd00:ec2::24]/", "HTTP://example.com/", "http://169.254.170.2.example/"}) {
        EXPECT_TRUE(refused(address)) << address;
    }
    for (const char* address : {"http://127.9.9.9:1/", "http://localhost:1/", "http://[::1]:1/",
                                "https://127.0.0.1:1/x"}) {
        EXPECT_FALSE(refused(address)) << address;
    }
}

TEST_F(ContainerSourceTest, HttpsMustBeTrusted) {
    const Certificate certificate;
    const TestServer server({"--access-id=ID", "--secret=KEY", "--bucket=b",
                             "--tls-cert=" + certificate.file(), "--tls-key=" + certificate.key()});
    variable_of("AWS_CONTAINER_CREDENTIALS_FULL_URI") = server.base_url() + "b/keys";
    settings_.timeout = std::chrono::minutes(1);
    settings_.connect_timeout = settings_.timeout;
    expect_error(fetch(), Errc::Unreachable);
    settings_.ca_file = certificate.file();
    source_.reset();
    expect_error(fetch(), Errc::Forbidden);  // it has read the request
    settings_.ca_file = "/nonexistent.pem";
    source_.reset();
    expect_error(fetch(), Errc::Io);
}

TEST_F(ContainerSourceTest, WithoutAnAddressThereAreNoKeys) {
    expect_error(fetch(), Errc::InvalidArgument);
}

}  // namespace
}  // namespace s3b::net
