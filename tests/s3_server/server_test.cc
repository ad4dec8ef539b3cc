// SPDX-License-Identifier: Apache-2.0
// The whole server over HTTP: its options, and what only shows on the wire.
#include "tests/s3_server/server.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <thread>

#include "tests/s3_server/http_client.h"
#include "tests/s3_server/text.h"

namespace s3b::test {
namespace {

Options options_of(const std::vector<std::string_view>& arguments) {
    ParsedOptions parsed = parse_options(arguments);
    EXPECT_EQ(parsed.error, "");
    return std::move(parsed.options);
}

std::string error_of(const std::vector<std::string_view>& arguments) {
    return parse_options(arguments).error;
}

// The value of a header of an answer, "" when it is absent.
std::string header(std::string_view answer, std::string_view name) {
    for (const std::string_view line : split(answer, '\n')) {
        const size_t colon = line.find(':');
        if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name)) {
            return std::string(trim(line.substr(colon + 1)));
        }
    }
    return {};
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

TEST(Options, RefusesWrongValues) {
    EXPECT_EQ(error_of({"--no-auth", "--no-conditional-put=500"}),
              "wrong option --no-conditional-put=500");
    EXPECT_EQ(error_of({"--no-auth", "--clock-offset=1h"}), "wrong option --clock-offset=1h");
    EXPECT_EQ(error_of({"--no-auth", "--session-token="}), "wrong option --session-token=");
}

TEST(Options, ReadsFill) {
    const Options options = options_of({"--no-auth", "--fill=b:3:4096", "--fill=c:1:0:p:/"});
    ASSERT_EQ(options.fills.size(), 2U);
    EXPECT_EQ(options.fills[0].bucket, "b");
    EXPECT_EQ(options.fills[0].count, 3U);
    EXPECT_EQ(options.fills[0].size, 4096U);
    EXPECT_EQ(options.fills[0].prefix, "");
    EXPECT_EQ(options.fills[1].prefix, "p:/");
    for (const char* wrong : {"--fill=b:3", "--fill=:3:1", "--fill=b:x:1", "--fill=b:3:-1",
                              "--fill=b:4294967297:1", "--fill=b:1:67108865"}) {
        EXPECT_NE(error_of({"--no-auth", wrong}), "") << wrong;
    }
    EXPECT_NE(error_of({"--no-auth", "--fill=b:3:1", "--journal=j"}), "");
}

// What libmicrohttpd asks for events with, see server_daemon.cc.
TEST(EpollWait, DoesNotWaitAfterItHasBroughtAsManyAsWereWanted) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    const int file = eventfd(1, EFD_CLOEXEC);
    epoll_event event{EPOLLIN | EPOLLET, {}};
    ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event), 0);
    EXPECT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
    EXPECT_EQ(epoll_wait(epoll, &event, 1, -1), 0);
    close(file);
    close(epoll);
}

TEST(Server, BulkErrorKeepsTheFirstKeys) {
    const Server server(options_of({"--no-auth", "--fill=b:4:1"}));
    const uint16_t port = server.port();
    http_request(port, "POST", "/_admin/faults", {}, "method=POST&bulk-error=2");
    const std::string body =
        "<Delete><Quiet>true</Quiet><Object><Key>00000000</Key></Object><Object><Key>00000001</Key>"
        "</Object><Object><Key>00000002</Key></Object></Delete>";
    const std::string md5_line = "Content-MD5: " + base64_encode(md5(body)) + "\r\n";
    const std::string answer = http_request(port, "POST", "/b?delete", md5_line, body);
    EXPECT_EQ(http_status(answer), 200U);
    EXPECT_TRUE(contains(answer, "<Error><Key>00000000</Key><Code>InternalError</Code>"));
    EXPECT_TRUE(contains(answer, "<Error><Key>00000001</Key>"));
    EXPECT_FALSE(contains(answer, "00000002"));
    const std::string list = http_request(port, "GET", "/b");
    EXPECT_TRUE(contains(list, "<Key>00000001</Key>"));
    EXPECT_FALSE(contains(list, "<Key>00000002</Key>"));
    EXPECT_TRUE(contains(http_request(port, "GET", "/_admin/stats"), "\"bulk_deleted\":1,"));
    EXPECT_FALSE(contains(http_request(port, "POST", "/b?delete", md5_line, body), "<Error>"));
    EXPECT_TRUE(contains(http_request(port, "GET", "/_admin/stats"), "\"bulk_deleted\":4,"));
}

TEST(Server, Error200DoesNothing) {
    const Server server(options_of({"--no-auth", "--bucket=b"}));
    http_request(server.port(), "POST", "/_admin/faults", {}, "method=PUT&error-200");
    const std::string answer = http_request(server.port(), "PUT", "/b/k", {}, "x");
    EXPECT_EQ(http_status(answer), 200U);
    EXPECT_TRUE(contains(answer, "<Error><Code>InternalError</Code>"));
    EXPECT_EQ(http_status(http_request(server.port(), "GET", "/b/k")), 404U);
}

TEST(Server, TruncatedForEverIgnoresTheMarker) {
    const Server server(options_of({"--no-auth", "--fill=b:3:1"}));
    http_request(server.port(), "POST", "/_admin/faults", {}, "truncated-for-ever&count=2");
    for (const char* target : {"/b", "/b?marker=00000001"}) {
        const std::string answer = http_request(server.port(), "GET", target);
        EXPECT_TRUE(contains(answer, "<IsTruncated>true</IsTruncated>"));
        EXPECT_TRUE(contains(answer, "<Key>00000000</Key>"));
    }
    const std::string end = http_request(server.port(), "GET", "/b?marker=00000001");
    EXPECT_TRUE(contains(end, "<IsTruncated>false</IsTruncated>"));
    EXPECT_FALSE(contains(end, "<Key>00000000</Key>"));
}

TEST(Server, IsFilledFromTheStart) {
    const Server server(options_of({"--no-auth", "--fill=b:300:5:p/"}));
    const std::string last = http_request(server.port(), "GET", "/b/p/0000012b");
    EXPECT_EQ(http_status(last), 200U);
    EXPECT_TRUE(last.ends_with("\r\n\r\nfffff"));
    EXPECT_EQ(http_status(http_request(server.port(), "GET", "/b/p/0000012c")), 404U);
}

TEST(Server, ListLatencyHoldsListsOnly) {
    auto server =
        std::make_unique<Server>(options_of({"--no-auth", "--bucket=b", "--list-latency=3600000"}));
    const uint16_t port = server->port();
    EXPECT_EQ(http_status(http_request(port, "PUT", "/b/k")), 200U);
    std::string list = "none yet";
    std::thread client([&] { list = http_request(port, "GET", "/b"); });
    const std::string waited = http_request(port, "GET", "/_admin/wait?in_flight=1");
    server.reset();
    client.join();
    EXPECT_EQ(http_status(waited), 200U);
    EXPECT_TRUE(contains(waited, "\"PUT\":1,\"DELETE\":0,\"LIST\":1"));
    EXPECT_EQ(list, "");  // cut by the server's end
}

TEST(Server, DateIsOfItsOwnClock) {
    for (const std::time_t offset : {-7200, 7200}) {
        const Server server(
            options_of({"--no-auth", "--bucket=b", "--clock-offset=" + std::to_string(offset)}));
        const std::string answer = http_request(server.port(), "PUT", "/b/k");
        const auto date = parse_http_date(header(answer, "Date"));
        ASSERT_TRUE(date);
        EXPECT_LT(std::abs(*date - (std::time(nullptr) + offset)), 600);
        const std::string head = http_request(server.port(), "HEAD", "/b/k");
        const auto modified = parse_http_date(header(head, "Last-Modified"));
        ASSERT_TRUE(modified);
        EXPECT_LT(std::abs(*modified - (std::time(nullptr) + offset)), 600);
    }
}

TEST(Server, RequestsOfAnotherTimeAreRefused) {
    const Server server(options_of({"--access-id=ID", "--secret=S", "--clock-offset=3600"}));
    const std::string authorization = "Authorization: AWS ID:wrong\r\n";
    const auto answer_at = [&](std::time_t time) {
        return http_request(server.port(), "GET", "/b/k",
                            authorization + "Date: " + http_date(time) + "\r\n");
    };
    const std::string refused = answer_at(std::time(nullptr));
    EXPECT_EQ(http_status(refused), 403U);
    EXPECT_TRUE(contains(refused, "<Code>RequestTimeTooSkewed</Code>"));
    EXPECT_TRUE(contains(answer_at(std::time(nullptr) + 3600), "SignatureDoesNotMatch"));
}

TEST(Server, VirtualHostWorksOnTheWire) {
    const Server server(options_of({"--no-auth", "--bucket=b"}));
    const std::string host = "Host: b.localhost:" + std::to_string(server.port()) + "\r\n";
    EXPECT_EQ(http_status(http_request(server.port(), "PUT", "/p%2F1", host, "x")), 200U);
    EXPECT_TRUE(contains(http_request(server.port(), "GET", "/?prefix=p", host), "<Key>p/1</Key>"));
    EXPECT_EQ(http_status(http_request(server.port(), "GET", "/b/p/1")), 200U);
}

}  // namespace
}  // namespace s3b::test
