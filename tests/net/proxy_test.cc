// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "net/transfer.h"
#include "tests/net/scripted_peer.h"
#include "tests/net/store_steps.h"

namespace s3b::net {
namespace {

/// With an environment of its own.
class ProxyTest : public ::testing::Test {
protected:
    static constexpr const char* kNames[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                             "all_proxy",  "ALL_PROXY",   "HTTP_PROXY",
                                             "no_proxy",   "NO_PROXY"};
    ProxyTest() {
        for (const char* name : kNames) {
            const char* value = std::getenv(name);
            saved_.emplace_back(name, value != nullptr ? value : "");
            unsetenv(name);
        }
    }
    ~ProxyTest() override {
        for (const auto& [name, value] : saved_) setenv(name.c_str(), value.c_str(), 1);
    }
    /// What a GET of `url` ends with.
    static Result<HttpReply> get(const std::string& url) {
        static constexpr auto kSend = [](Transfer& transfer, const HttpRequest& request,
                                         Result<HttpReply>& outcome) -> Task<void> {
            const Transfer::Place place = co_await transfer.place();
            outcome = co_await transfer.send(place, request);
        };
        initialise_curl();
        Reactor reactor;
        StoreCounters counters;
        Transfer transfer(reactor.ring(), TransferSettings(), TrustStore(), counters);
        HttpRequest request;
        request.url = url;
        Result<HttpReply> outcome = HttpReply();
        reactor.run(kSend(transfer, request, outcome));
        return outcome;
    }

    std::vector<std::pair<std::string, std::string>> saved_;
};

TEST_F(ProxyTest, ComesFromTheEnvironmentForItsScheme) {
    EXPECT_EQ(proxy_from_environment(false), "");
    setenv("all_proxy", "http://all:1", 1);
    EXPECT_EQ(proxy_from_environment(false), "http://all:1");
    EXPECT_EQ(proxy_from_environment(true), "http://all:1");
    setenv("http_proxy", "http://plain:1", 1);
    setenv("HTTPS_PROXY", "http://tls:1", 1);
    EXPECT_EQ(proxy_from_environment(false), "http://plain:1");
    EXPECT_EQ(proxy_from_environment(true), "http://tls:1");
}

TEST_F(ProxyTest, HttpProxyInCapitalsDoesNotCount) {
    setenv("HTTP_PROXY", "http://evil:1", 1);
    EXPECT_EQ(proxy_from_environment(false), "");
}

TEST_F(ProxyTest, IsUsed) {
    std::string head;
    ScriptedPeer proxy([&head](PeerConnection& connection) {
        head = connection.read_head();
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
    expect_ok(get("http://bucket.example/x"));
    proxy.join();
    EXPECT_TRUE(head.starts_with("GET http://bucket.example/x HTTP/1.1\r\n")) << head;
}

TEST_F(ProxyTest, IsNotUsedForLinkLocalAddresses) {
    std::string head;
    ScriptedPeer proxy([&head](PeerConnection& connection) {
        head = connection.read_head();
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
    // No interface is named: this cannot leave the machine.
    EXPECT_FALSE(get("http://[fe80::1]/x").has_value());
    EXPECT_EQ(get("http://bucket.example/x")->status, 204);  // and the proxy is there
}

TEST_F(ProxyTest, IsNotUsedForHostsOfNoProxy) {
    ScriptedPeer direct([](PeerConnection& connection) {
        connection.read_head();
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("no_proxy", "example.org,127.0.0.1", 1);
    expect_ok(get(direct.url()));
}

TEST(LinkLocal, AreTheAddressesOfThisLink) {
    for (const char* url :
         {"http://169.254.169.254/latest/", "http://169.254.0.1", "http://169.254.169.254:80/x",
          "http://[fe80::1]/", "http://[fe80::1%eth0]/", "http://[febf::1]:81/",
          "http://[fd00:ec2::254]/latest/"}) {
        EXPECT_TRUE(is_link_local(url)) << url;
    }
    for (const char* url : {"http://169.253.1.1/", "http://169.254.169.254.example.com/",
                            "http://[fec0::1]/", "http://[::1]/", "http://127.0.0.1/169.254.1.1",
                            "http://bucket.example/", "", "http://", "http://[", "http://]"}) {
        EXPECT_FALSE(is_link_local(url)) << url;
    }
}

}  // namespace
}  // namespace s3b::net
