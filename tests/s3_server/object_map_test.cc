// SPDX-License-Identifier: Apache-2.0
// The object map, its journal, and the S3 operations on both.
#include "tests/s3_server/object_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/s3_server/s3_handlers.h"
#include "tests/s3_server/store.h"

namespace s3b::test {
namespace {

ObjectPtr object(std::string body) {
    return make_object(std::move(body), {{"x-amz-meta-a", "b"}}, 1704164645);
}

ObjectMap map_of(const std::vector<std::string>& keys) {
    ObjectMap map;
    map.create_bucket("b");
    for (const std::string& key : keys) {
        map.put("b", key, object(key));
    }
    return map;
}

std::vector<std::string> keys_of(const ListPage& page) {
    std::vector<std::string> keys;
    for (const ListPage::Item& item : page.items) {
        keys.push_back(item.key);
    }
    return keys;
}

using Keys = std::vector<std::string>;

TEST(ObjectMap, KeepsTheVersionBefore) {
    ObjectMap map = map_of({});
    EXPECT_FALSE(map.find("b", "k"));
    map.put("b", "k", object("1"));
    EXPECT_FALSE(map.find_previous("b", "k"));
    map.put("b", "k", object("2"));
    EXPECT_EQ(map.find("b", "k")->body, "2");
    EXPECT_EQ(map.find_previous("b", "k")->body, "1");
    map.remove("b", "k");
    map.remove("b", "k");
    EXPECT_FALSE(map.find("b", "k"));
    EXPECT_EQ(map.find_previous("b", "k")->body, "2");
    map.put("b", "k", object("3"));
    EXPECT_FALSE(map.find_previous("b", "k"));
}

TEST(ObjectMap, EtagIsQuotedMd5) {
    EXPECT_EQ(object("hello world")->etag, "\"5eb63bbbe01eeed093cb22bb8f5acdc3\"");
    EXPECT_EQ(object("")->modified_text, "Tue, 02 Jan 2024 03:04:05 GMT");
}

TEST(ObjectMap, ListsInPages) {
    ObjectMap map = map_of({"p/1", "p/2", "p/3", "p/4", "q"});
    map.remove("b", "p/2");
    const ListPage first = map.list("b", {"p/", "", "", 2});
    EXPECT_EQ(keys_of(first), (Keys{"p/1", "p/3"}));
    EXPECT_TRUE(first.truncated);
    const ListPage second = map.list("b", {"p/", first.last, "", 2});
    EXPECT_EQ(keys_of(second), (Keys{"p/4"}));
    EXPECT_FALSE(second.truncated);
    EXPECT_EQ(keys_of(map.list("b", {"", "p/3", "", 1000})), (Keys{"p/4", "q"}));
    EXPECT_FALSE(map.list("b", {"", "", "", 0}).truncated);
}

TEST(ObjectMap, DelimiterGathersPrefixes) {
    const ObjectMap map = map_of({"a", "d/1", "d/2", "e/1", "f"});
    const ListPage all = map.list("b", {"", "", "/", 1000});
    EXPECT_EQ(keys_of(all), (Keys{"a", "f"}));
    EXPECT_EQ(all.common_prefixes, (Keys{"d/", "e/"}));
    const ListPage first = map.list("b", {"", "", "/", 2});
    EXPECT_TRUE(first.truncated);
    EXPECT_EQ(first.last, "d/");
    const ListPage second = map.list("b", {"", "d/", "/", 2});
    EXPECT_EQ(second.common_prefixes, (Keys{"e/"}));
    EXPECT_EQ(keys_of(second), (Keys{"f"}));
}

class JournalTest : public testing::Test {
protected:
    JournalTest() : path_(testing::TempDir() + "s3_journal_" + std::to_string(::getpid())) {
        std::filesystem::remove(path_);
    }
    ~JournalTest() override { std::filesystem::remove(path_); }

    std::string path_;
};

TEST_F(JournalTest, ReplaysAllChanges) {
    {
        Store store(path_);
        store.create_bucket("b");
        store.put("b", "k 1\n", object(std::string("x\n\0y", 4)));
        store.put("b", "k2", object("old"));
        store.put("b", "k2", object(""));
        store.put("b", "k3", object("gone"));
        store.remove("b", "k3");
        store.create_bucket("empty");
    }
    const Store store(path_);
    const ObjectMap& map = store.objects();
    ASSERT_TRUE(map.find("b", "k 1\n"));
    EXPECT_EQ(map.find("b", "k 1\n")->body, std::string("x\n\0y", 4));
    EXPECT_EQ(map.find("b", "k 1\n")->headers, object("")->headers);
    EXPECT_EQ(map.find("b", "k2")->body, "");
    EXPECT_EQ(map.find_previous("b", "k2")->body, "old");
    EXPECT_FALSE(map.find("b", "k3"));
    EXPECT_TRUE(map.has_bucket("empty"));
}

TEST_F(JournalTest, CutsAnIncompleteRecord) {
    {
        Store store(path_);
        store.create_bucket("b");
        store.put("b", "k1", object("one"));
        store.put("b", "k2", object("two"));
    }
    std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
    {
        Store store(path_);
        EXPECT_TRUE(store.objects().find("b", "k1"));
        EXPECT_FALSE(store.objects().find("b", "k2"));
        store.put("b", "k3", object("three"));
    }
    const Store store(path_);
    EXPECT_EQ(keys_of(store.objects().list("b", {})), (Keys{"k1", "k3"}));
}

class S3HandlersTest : public testing::Test {
protected:
    S3HandlersTest() { store_.create_bucket("b"); }

    Answer run(std::string_view method, std::string_view target,
               std::vector<HeaderView> headers = {}, std::string body = {}) {
        Request request;
        request.method = method;
        request.set_target(target);
        request.headers = std::move(headers);
        request.body = std::move(body);
        return handlers_.handle(request, s3_target(request), false);
    }

    Store store_{""};
    S3Handlers handlers_{store_};
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
    EXPECT_EQ(keys_of(store_.objects().list("b", {})), (Keys{"c"}));
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

}  // namespace
}  // namespace s3b::test
