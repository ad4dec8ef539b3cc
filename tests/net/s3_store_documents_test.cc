// SPDX-License-Identifier: Apache-2.0
// Lists and bulk deletes of the S3 store against the test server.
#include <gtest/gtest.h>

#include <algorithm>

#include "codec/text.h"
#include "engine/reactor/task_group.h"
#include "net/s3_store.h"
#include "tests/net/store_kit.h"
#include "tests/net/store_steps.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

class S3StoreDocumentsTest : public ::testing::Test {
protected:
    S3StoreDocumentsTest() : server_({"--access-id=ID", "--secret=KEY", "--bucket=mybucket"}) {
        S3Settings settings;
        settings.base_url = server_.base_url();
        settings.bucket = "mybucket";
        settings.access_id = "ID";
        settings.access_key = "KEY";
        settings.initial_retry_pause = std::chrono::milliseconds(1);
        settings.max_retry_pause = std::chrono::milliseconds(1);  // two attempts
        settings.settle_time = Duration{};
        store_ = S3Store::create(kit_.context(), settings).value();
    }
    void put_all(std::vector<std::string> keys) {
        static constexpr auto kPut = [](S3Store& store,
                                        std::vector<std::string> names) -> Task<void> {
            for (size_t i = 0; i < names.size(); ++i) {
                const PutRequest request = put_of(names[i], {});
                const Result<ETag> etag = co_await store.put(request);
                expect_ok(etag);
            }
        };
        reactor_.run(kPut(*store_, std::move(keys)));
    }
    Result<ListPage> list(const ListRequest& request) {
        static constexpr auto kList = [](S3Store& store, const ListRequest& what,
                                         Result<ListPage>& page) -> Task<void> {
            page = co_await store.list(what);
        };
        Result<ListPage> page{ListPage()};
        reactor_.run(kList(*store_, request, page));
        return page;
    }
    /// The keys of a page, or the name of the error.
    std::string listed(std::string_view prefix, std::string_view after = {}, uint32_t max = 1000) {
        ListRequest request;
        request.prefix = prefix;
        request.after = after;
        request.max_keys = max;
        const Result<ListPage> page = list(request);
        if (!page.has_value()) return to_string(page.error().code);
        std::string text;
        for (const ListedObject& one : page->objects) text += one.key + ' ';
        return text + (page->truncated ? "..." : "");
    }
    /// The keys that are left, or the name of the error.
    std::string removed(const std::vector<std::string>& keys) {
        static constexpr auto kRemove = [](S3Store& store, const std::vector<std::string>& names,
                                           std::string& outcome) -> Task<void> {
            const Result<std::vector<std::string>> left = co_await store.remove_many(names);
            if (!left.has_value()) {
                outcome = to_string(left.error().code);
                co_return;
            }
            for (const std::string& key : *left) outcome += key + ' ';
        };
        std::string outcome;
        reactor_.run(kRemove(*store_, keys, outcome));
        return outcome;
    }
    void answer(const std::string& method, int status, const std::string& body, int count = 0) {
        server_.fault("method=" + method + "&count=" + std::to_string(count) +
                      "&status=" + std::to_string(status) +
                      "&body=" + codec::percent_encode(body, codec::Slash::Encode));
    }

    TestServer server_;
    Reactor reactor_;
    StoreKit kit_{reactor_};
    std::unique_ptr<S3Store> store_;
};

TEST_F(S3StoreDocumentsTest, AListNamesTheKeysOfThePrefixBehindTheMarker) {
    put_all({"a", "p &<+/1", "p &<+/2", "p &<+/3", "q"});
    EXPECT_EQ(listed("p &<+/"), "p &<+/1 p &<+/2 p &<+/3 ");
    EXPECT_EQ(listed("p &<+/", "p &<+/1"), "p &<+/2 p &<+/3 ");
    EXPECT_EQ(listed("p &<+/", "p &<+/1", 1), "p &<+/2 ...");
    EXPECT_EQ(listed("none"), "");
    EXPECT_EQ(listed(""), "a p &<+/1 p &<+/2 p &<+/3 q ");
    EXPECT_EQ(store_->counters().gets, 0U);
}

TEST_F(S3StoreDocumentsTest, AListHasTheETags) {
    put_all({"k"});
    const Result<ListPage> page = list(ListRequest());
    ASSERT_TRUE(page.has_value());
    ASSERT_EQ(page->objects.size(), 1U);
    EXPECT_TRUE(page->objects[0].etag == ETag(codec::md5({})));
}

TEST_F(S3StoreDocumentsTest, ALongListIsReadWhole) {
    std::vector<std::string> keys;
    for (int i = 100; i < 200; ++i) keys.push_back(std::string(500, 'k') + std::to_string(i));
    put_all(keys);
    const Result<ListPage> page = list(ListRequest());
    ASSERT_TRUE(page.has_value());
    ASSERT_EQ(page->objects.size(), keys.size());
    EXPECT_EQ(page->objects.back().key, keys.back());
}

TEST_F(S3StoreDocumentsTest, AnErrorOfStatus200IsRetried) {
    put_all({"k"});
    answer("LIST", 200, "<Error><Code>InternalError</Code></Error>", 1);
    EXPECT_EQ(listed(""), "k ");
    EXPECT_EQ(store_->counters().retries, 1U);
    answer("LIST", 200, "<Error><Code>AccessDenied</Code></Error>", 1);
    EXPECT_EQ(listed(""), "Forbidden");
    answer("POST", 200, "<Error><Code>InternalError</Code></Error>", 2);
    EXPECT_EQ(removed({"k"}), "ServerError");
}

TEST_F(S3StoreDocumentsTest, WhatIsNoListIsABadReply) {
    answer("LIST", 200, "<html>welcome</html>");
    EXPECT_EQ(listed(""), "BadReply");
}

TEST_F(S3StoreDocumentsTest, ALaterAttemptStartsWithAnEmptyDocument) {
    put_all({"k"});
    server_.fault("method=LIST&count=1&cut-body");
    EXPECT_EQ(listed(""), "k ");
}

TEST_F(S3StoreDocumentsTest, RemoveManyRemovesWhatIsThereAndWhatIsNot) {
    put_all({"a&b", "c<d>", "stays", "e f+g"});
    EXPECT_EQ(removed({"a&b", "c<d>", "e f+g", "missing"}), "");
    EXPECT_EQ(listed(""), "stays ");
    EXPECT_EQ(removed({}), "");
}

TEST_F(S3StoreDocumentsTest, RemoveManyTakesAThousandKeys) {
    std::vector<std::string> keys;
    for (int i = 1000; i < 2000; ++i) keys.push_back("key/" + std::to_string(i));
    put_all({keys.front(), keys.back()});
    EXPECT_EQ(removed(keys), "");
    EXPECT_EQ(listed(""), "");
    keys.emplace_back("one more");
    EXPECT_EQ(removed(keys), "InvalidArgument");
}

TEST_F(S3StoreDocumentsTest, KeysThatAreLeftAreNamed) {
    answer("POST", 200,
           "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b&amp;</Key>"
           "<Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>");
    EXPECT_EQ(removed({"a", "b&"}), "b& ");
}

TEST_F(S3StoreDocumentsTest, AStoreWithoutBulkDeleteIsUnsupported) {
    const struct {
        int status;
        const char* body;
        const char* outcome;
    } kCases[] = {
        {501, "", "Unsupported"},
        {405, "<Error><Code>MethodNotAllowed</Code></Error>", "Unsupported"},
        {400, "<Error><Code>MalformedPOSTRequest</Code></Error>", "Unsupported"},
        {404, "<html>not found</html>", "Unsupported"},
        {404, "<Error><Code>NoSuchBucket</Code></Error>", "Refused"},
        {403, "<Error><Code>AccessDenied</Code></Error>", "Forbidden"},
        {503, "", "ServerError"},
        {200, "<html/>", "BadReply"},
    };
    for (const auto& one : kCases) {
        answer("POST", one.status, one.body);
        EXPECT_EQ(removed({"k"}), one.outcome) << one.status << ' ' << one.body;
        server_.admin("DELETE", "/_admin/faults");
    }
}

TEST_F(S3StoreDocumentsTest, ABulkDeleteWithoutAnAnswerMayStillBeCarriedOut) {
    server_.fault("method=POST&count=0&cut-answer");
    EXPECT_EQ(removed({"k"}), "OutcomeUnknown");
}

TEST_F(S3StoreDocumentsTest, ListsThatAreStoppedEndAtOnceAndOthersDoNotBegin) {
    server_.fault("method=LIST&count=0&hold");
    static constexpr auto kList = [](S3Store& store, std::string& outcome) -> Task<void> {
        const ListRequest request;
        const Result<ListPage> page = co_await store.list(request);
        outcome = page.has_value() ? "ok" : to_string(page.error().code);
    };
    static constexpr auto kTest = [](S3Store& store, std::string& held,
                                     std::string& late) -> Task<void> {
        TaskGroup group;
        group.spawn(kList(store, held));
        co_await yield();
        store.stop_lists();
        co_await group.join();
        co_await kList(store, late);
    };
    std::string held;
    std::string late;
    reactor_.run(kTest(*store_, held, late));
    EXPECT_EQ(held, "Cancelled");
    EXPECT_EQ(late, "Cancelled");
    put_all({"others go on"});
}

}  // namespace
}  // namespace s3b::net
