// SPDX-License-Identifier: Apache-2.0
// The S3 store over TLS: whom it trusts, and that sliced bodies arrive whole.
#include <gtest/gtest.h>

#include "engine/reactor/reactor.h"
#include "engine/reactor/task_group.h"
#include "net/s3_store.h"
#include "tests/net/certificate.h"
#include "tests/net/store_kit.h"
#include "tests/net/store_steps.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

class S3StoreTlsTest : public ::testing::Test {
protected:
    S3StoreTlsTest() {
        settings_.base_url = server_.base_url();
        settings_.bucket = "mybucket";
        settings_.access_id = "ID";
        settings_.access_key = "KEY";
        settings_.initial_retry_pause = Duration{};
        settings_.max_retry_pause = Duration{};
    }
    std::string put() {
        static constexpr auto kPut = [](S3Store& store, std::string& outcome) -> Task<void> {
            const std::vector<std::byte> body = pattern(4096, 1);
            const PutRequest request = put_of("a", body);
            const Result<ETag> etag = co_await store.put(request);
            outcome = etag.has_value() ? "ok" : etag.error().what;
        };
        const auto store = S3Store::create(kit_.context(), settings_).value();
        std::string outcome;
        reactor_.run(kPut(*store, outcome));
        return outcome;
    }

    Certificate certificate_;
    TestServer server_{{"--access-id=ID", "--secret=KEY", "--bucket=mybucket",
                        "--tls-cert=" + certificate_.file(), "--tls-key=" + certificate_.key()}};
    Reactor reactor_;
    StoreKit kit_{reactor_, places(4)};
    S3Settings settings_;
};

constexpr const char* kNotTrusted = "the server's certificate is not trusted";

TEST_F(S3StoreTlsTest, ACertificateOfTheCaFileIsTrusted) {
    settings_.ca_file = certificate_.file();
    EXPECT_EQ(put(), "ok");
}

TEST_F(S3StoreTlsTest, AnUnknownCertificateIsRefusedOnEveryConnection) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(put(), kNotTrusted);
    const Certificate other;
    settings_.ca_file = other.file();
    EXPECT_EQ(put(), kNotTrusted);
}

TEST_F(S3StoreTlsTest, InsecureDoesNotAskForTrust) {
    settings_.insecure = true;
    EXPECT_EQ(put(), "ok");
}

TEST_F(S3StoreTlsTest, AnotherHostNameIsRefusedAlsoWhenInsecure) {
    settings_.base_url.replace(settings_.base_url.find("127.0.0.1"), 9, "localhost");
    settings_.ca_file = certificate_.file();
    EXPECT_EQ(put(), kNotTrusted);
    settings_.insecure = true;
    EXPECT_EQ(put(), kNotTrusted);
}

TEST_F(S3StoreTlsTest, ACaFileThatCannotBeReadIsAnError) {
    settings_.ca_file = certificate_.file() + ".missing";
    const auto store = S3Store::create(kit_.context(), settings_);
    ASSERT_FALSE(store.has_value());
    EXPECT_EQ(store.error().code, Errc::Io);
}

TEST_F(S3StoreTlsTest, ManyLargeBodiesArriveWhole) {
    settings_.ca_file = certificate_.file();
    static constexpr auto kTest = [](S3Store& store) -> Task<void> {
        for (int pass = 0; pass < 2; ++pass) {
            TaskGroup group;
            for (uint32_t i = 0; i < 8; ++i) {
                const std::string key = "large-" + std::to_string(i);
                std::vector<std::byte> body = pattern((2 << 20) + i, i);
                group.spawn(pass == 0 ? put_bytes(store, key, body)
                                      : expect_bytes(store, key, body));
            }
            co_await group.join();
        }
    };
    const auto store = S3Store::create(kit_.context(), settings_).value();
    reactor_.run(kTest(*store));
}

}  // namespace
}  // namespace s3b::net
