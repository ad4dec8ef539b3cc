// SPDX-License-Identifier: Apache-2.0
// The S3 operations on objects and buckets.
#include "tests/s3_server/s3_handlers.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace s3b::test {
namespace {

using Keys = std::vector<std::string>;

std::string code(const Answer& answer) {
    const std::string xml = answer.body ? *answer.body : std::string();
    const size_t begin = xml.find("<Code>");
    return begin == std::string::npos ? "" : xml.substr(begin + 6, xml.find("</Code>") - begin - 6);
}

// "" when it is absent.
std::string header(const Answer& answer, std::string_view name) {
    const auto found = std::ranges::find(answer.headers, name, &HeaderList::value_type::first);
    return found == answer.headers.end() ? "" : found->second;
}

class S3HandlersTest : public testing::Test {
protected:
    explicit S3HandlersTest(ConditionalPut conditional_put = ConditionalPut::kHonoured)
        : handlers_(store_, ServerClock(), conditional_put) {
        store_.create_bucket("b");
    }

    Answer run(std::string_view method, std::string_view target,
               std::vector<HeaderView> headers = {}, std::string body = {},
               const Handling& handling = {}) {
        Request request;
        request.method = method;
        request.set_target(target);
        request.headers = std::move(headers);
        request.body = std::move(body);
        return handlers_.handle(request, s3_target(request), handling);
    }

    Keys keys() const {
        Keys keys;
        for (const ListPage::Item& item : store_.objects().list("b", {}).items) {
            keys.push_back(item.key);
        }
        return keys;
    }

    Store store_{""};
    S3Handlers handlers_;
};

TEST_F(S3HandlersTest, KeepsHeadersOfAnObject) {
    EXPECT_EQ(run("PUT", "/b/p%2F1",
                  {{"X-Amz-Meta-Foo", " \"bar\" "},
                   {"Content-Encoding", "deflate"},
                   {"x-amz-acl", "private"}},
                  "body")
                  .status,
              200U);
    const Answer answer = run("GET", "/b/p/1");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(*answer.body, "body");
    const HeaderList expected{{"ETag", "\"841a2d689ad86bd1611447453c22c6fc\""},
                              {"x-amz-meta-foo", "\"bar\""},
                              {"content-encoding", "deflate"}};
    HeaderList headers = answer.headers;
    std::erase_if(headers, [](const auto& item) { return item.first == "Last-Modified"; });
    EXPECT_EQ(headers, expected);
}

TEST_F(S3HandlersTest, Conditions) {
    const std::string_view etag = "\"841a2d689ad86bd1611447453c22c6fc\"";
    const std::string_view other = "\"00000000000000000000000000000000\"";
    EXPECT_EQ(run("PUT", "/b/k", {{"If-None-Match", "*"}}, "body").status, 200U);
    EXPECT_EQ(run("PUT", "/b/k", {{"If-None-Match", "*"}}, "body").status, 412U);
    EXPECT_EQ(run("GET", "/b/k", {{"If-Match", etag}}).status, 200U);
    EXPECT_EQ(run("GET", "/b/k", {{"If-Match", other}}).status, 412U);
    EXPECT_EQ(run("HEAD", "/b/k", {{"If-None-Match", etag}}).status, 304U);
    EXPECT_EQ(run("GET", "/b/k", {{"If-None-Match", other}}).status, 200U);
    EXPECT_EQ(run("GET", "/b/none", {{"If-Match", etag}}).status, 404U);
}

TEST_F(S3HandlersTest, VirtualHostAndBuckets) {
    const std::vector<HeaderView> host{{"Host", "v.localhost:9000"}};
    EXPECT_EQ(run("PUT", "/k", host, "x").status, 404U);
    EXPECT_EQ(run("PUT", "/", host).status, 200U);
    EXPECT_EQ(run("PUT", "/k", host, "x").status, 200U);
    EXPECT_EQ(run("GET", "/v/k").status, 200U);
    EXPECT_EQ(run("DELETE", "/k", host).status, 204U);
    EXPECT_EQ(run("DELETE", "/k", host).status, 204U);
    EXPECT_EQ(run("GET", "/v/k").status, 404U);
}

TEST_F(S3HandlersTest, BulkDelete) {
    run("PUT", "/b/a%26b", {}, "x");
    run("PUT", "/b/c", {}, "x");
    const Answer answer =
        run("POST", "/b?delete", {{"Content-MD5", "checked elsewhere"}},
            "<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>none</Key></Object></Delete>");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_NE(answer.body->find("<Deleted><Key>a&amp;b</Key></Deleted>"), std::string::npos);
    EXPECT_EQ(keys(), (Keys{"c"}));
}

TEST_F(S3HandlersTest, ListVersion2Continues) {
    for (const char* target : {"/b/1", "/b/2", "/b/3"}) {
        run("PUT", target, {}, "x");
    }
    const Answer first = run("GET", "/b?list-type=2&max-keys=1&start-after=1");
    EXPECT_NE(first.body->find("<Key>2</Key>"), std::string::npos);
    EXPECT_NE(first.body->find("<NextContinuationToken>2</"), std::string::npos);
    const Answer second = run("GET", "/b?list-type=2&start-after=1&continuation-token=2");
    EXPECT_EQ(second.body->find("<Key>2</Key>"), std::string::npos);
    EXPECT_NE(second.body->find("<Key>3</Key>"), std::string::npos);
    EXPECT_NE(second.body->find("<IsTruncated>false</IsTruncated>"), std::string::npos);
    EXPECT_NE(second.body->find("<ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag>"),
              std::string::npos);
}

TEST_F(S3HandlersTest, ConditionalPutLeavesTheObject) {
    run("PUT", "/b/k", {}, "old");
    const Answer refused = run("PUT", "/b/k", {{"If-None-Match", "*"}}, "new");
    EXPECT_EQ(refused.status, 412U);
    EXPECT_EQ(code(refused), "PreconditionFailed");
    EXPECT_EQ(*run("GET", "/b/k").body, "old");
    run("DELETE", "/b/k");
    EXPECT_EQ(run("PUT", "/b/k", {{"If-None-Match", "*"}}, "new").status, 200U);
}

struct ConditionalPutIgnored : S3HandlersTest {
    ConditionalPutIgnored() : S3HandlersTest(ConditionalPut::kIgnored) {}
};

TEST_F(ConditionalPutIgnored, ReplacesTheObject) {
    run("PUT", "/b/k", {}, "old");
    EXPECT_EQ(run("PUT", "/b/k", {{"If-None-Match", "*"}}, "new").status, 200U);
    EXPECT_EQ(*run("GET", "/b/k").body, "new");
}

struct ConditionalPutNotImplemented : S3HandlersTest {
    ConditionalPutNotImplemented() : S3HandlersTest(ConditionalPut::kNotImplemented) {}
};

TEST_F(ConditionalPutNotImplemented, StoresNothing) {
    const Answer refused = run("PUT", "/b/k", {{"If-None-Match", "*"}}, "new");
    EXPECT_EQ(refused.status, 501U);
    EXPECT_EQ(code(refused), "NotImplemented");
    EXPECT_EQ(keys(), Keys{});
    EXPECT_EQ(run("PUT", "/b/k", {}, "new").status, 200U);
}

TEST_F(S3HandlersTest, AclIsShownToTheAdminOnly) {
    run("PUT", "/b/k", {{"x-amz-acl", "public-read"}, {"x-amz-storage-class", "GLACIER"}}, "x");
    const Answer answer = run("HEAD", "/b/k");
    EXPECT_EQ(header(answer, "x-amz-acl"), "");
    EXPECT_EQ(header(answer, "x-amz-storage-class"), "GLACIER");
    EXPECT_EQ(header(run("HEAD", "/b/k", {}, {}, {.is_admin = true}), "x-amz-acl"), "public-read");
}

TEST_F(S3HandlersTest, ListShowsTheStorageClass) {
    run("PUT", "/b/1", {{"x-amz-storage-class", "STANDARD_IA"}}, "x");
    EXPECT_NE(run("GET", "/b").body->find("<StorageClass>STANDARD_IA</"), std::string::npos);
    run("PUT", "/b/1", {}, "x");
    EXPECT_NE(run("GET", "/b").body->find("<StorageClass>STANDARD</"), std::string::npos);
}

TEST_F(S3HandlersTest, StyleOfBucketMakesNoDifference) {
    const std::vector<HeaderView> host{{"Host", "b.localhost:9000"}, {"Content-MD5", "x"}};
    const std::vector<HeaderView> plain{{"Host", "localhost:9000"}, {"Content-MD5", "x"}};
    for (const char* target : {"/b/p%2F1", "/b/p%2F2", "/b/q"}) {
        run("PUT", target, plain, "x");
    }
    EXPECT_EQ(run("HEAD", "/", host).status, 200U);
    EXPECT_EQ(run("HEAD", "/b", plain).status, 200U);
    EXPECT_EQ(run("HEAD", "/", {{"Host", "none.localhost"}}).status, 404U);
    EXPECT_EQ(*run("GET", "/?prefix=p%2F&marker=p%2F1", host).body,
              *run("GET", "/b?prefix=p%2F&marker=p%2F1", plain).body);
    const auto post = [&](const char* target, const std::vector<HeaderView>& headers,
                          const std::string& key) {
        return run("POST", target, headers,
                   "<Delete><Object><Key>" + key + "</Key></Object></Delete>")
            .status;
    };
    EXPECT_EQ(post("/?delete", host, "p/1"), 200U);
    EXPECT_EQ(post("/b?delete", plain, "q"), 200U);
    EXPECT_EQ(keys(), (Keys{"p/2"}));
}

}  // namespace
}  // namespace s3b::test
