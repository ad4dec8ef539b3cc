// SPDX-License-Identifier: Apache-2.0
// The object map and its journal.
#include "tests/s3_server/object_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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

TEST(ObjectMap, FillsWithoutReplacing) {
    ObjectMap map = map_of({"p/00000001", "z"});
    map.fill("b", "p/", 18, object("filling"));
    const ListPage page = map.list("b", {"p/", "", "", 1000});
    EXPECT_EQ(page.items.size(), 18U);
    EXPECT_EQ(page.last, "p/00000011");
    EXPECT_EQ(map.find("b", "p/00000001")->body, "p/00000001");
    EXPECT_EQ(map.find("b", "p/0000000a")->body, "filling");
    EXPECT_EQ(map.find("b", "p/0000000a"), map.find("b", "p/0000000b"));
}

TEST(ObjectMap, DeletedKeysComeBackWithoutHistory) {
    ObjectMap map = map_of({"k"});
    map.remove("b", "k");
    EXPECT_TRUE(map.list("b", {}).items.empty());
    map.put("b", "k", object("2"));
    EXPECT_EQ(keys_of(map.list("b", {})), (Keys{"k"}));
    EXPECT_FALSE(map.find_previous("b", "k"));
    map.remove("b", "k");
    EXPECT_EQ(map.find_previous("b", "k")->body, "2");
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

TEST_F(JournalTest, ReplayKeepsTheEtagOfAnEncryptedObject) {
    const ObjectPtr encrypted =
        make_object("x", {{"x-amz-server-side-encryption", "aws:kms"}}, 1704164645);
    {
        Store store(path_);
        store.create_bucket("b");
        store.put("b", "k", encrypted);
    }
    const Store store(path_);
    ASSERT_TRUE(store.objects().find("b", "k"));
    EXPECT_EQ(store.objects().find("b", "k")->etag, encrypted->etag);
    EXPECT_NE(encrypted->etag, object("x")->etag);
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

}  // namespace
}  // namespace s3b::test
