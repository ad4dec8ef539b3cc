// SPDX-License-Identifier: Apache-2.0
// What every ObjectStore does, real or fake. A world has `static constexpr bool kKeepsMetadata`,
// `ObjectStore& store()` and `void run(Task<void>)`, which drives the task to its end; its store
// makes one attempt, without pauses. Include this once a world and instantiate the suite.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "engine/reactor/task_group.h"
#include "tests/net/store_steps.h"

namespace s3b::net {

inline constexpr std::array<size_t, 4> kSizes{0, 1, 4096, 3 << 20 | 7};

template <class World>
class ObjectStoreContract : public ::testing::Test {
protected:
    ObjectStore& store() { return world_.store(); }
    World world_;
};

TYPED_TEST_SUITE_P(ObjectStoreContract);

TYPED_TEST_P(ObjectStoreContract, WhatWasPutIsRead) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        const std::vector<size_t> sizes(kSizes.begin(), kSizes.end());
        for (const size_t size : sizes) {
            std::vector<std::byte> body = pattern(size, 1);
            co_await put_bytes(store, "key", body);
            co_await expect_bytes(store, "key", body);
        }
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, AMissingObjectIsNotFoundOrStaleWhereItMustExist) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> into(16);
        const Result<GetReply> reply = co_await store.get("missing", into, no_condition());
        expect_error(reply, Errc::NotFound);
        ReadTarget needed(into);
        needed.must_exist = true;
        const Result<GetReply> stale = co_await store.get("missing", needed, no_condition());
        expect_error(stale, Errc::Stale);
        const Result<ObjectMeta> meta = co_await store.head("missing");
        expect_error(meta, Errc::NotFound);
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, ARemovedObjectIsGoneAndRemovingItAgainSucceeds) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(100, 2);
        co_await put_bytes(store, "key", body);
        for (int i = 0; i < 2; ++i) {
            const Result<void> removed = co_await store.remove("key");
            expect_ok(removed);
        }
        const Result<GetReply> reply = co_await store.get("key", body, no_condition());
        expect_error(reply, Errc::NotFound);
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, AnObjectLongerThanTheTargetIsRefused) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(4097, 3);
        co_await put_bytes(store, "key", body);
        std::vector<std::byte> into(4096);
        const Result<GetReply> reply = co_await store.get("key", into, no_condition());
        expect_error(reply, Errc::BadReply);
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, PreconditionsAreHonoured) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(64, 4);
        co_await put_bytes(store, "key", body);
        const Precondition same(Precondition::Kind::NoneMatch, codec::md5(body));
        const Precondition differs(Precondition::Kind::NoneMatch, codec::md5({}));
        const Precondition matches(Precondition::Kind::Match, codec::md5(body));
        const Precondition mismatches(Precondition::Kind::Match, codec::md5({}));
        const Result<GetReply> unchanged = co_await store.get("key", body, same);
        expect_error(unchanged, Errc::Unchanged);
        const Result<GetReply> changed = co_await store.get("key", body, differs);
        expect_ok(changed);
        const Result<GetReply> expected = co_await store.get("key", body, matches);
        expect_ok(expected);
        const Result<GetReply> stale = co_await store.get("key", body, mismatches);
        expect_error(stale, Errc::Stale);
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, AnObjectWithoutAnEncodingGoesToThePlainMemory) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(4096, 12);
        co_await put_bytes(store, "key", body);
        std::vector<std::byte> plain(4096);
        std::vector<std::byte> encoded(5000);
        const ReadTarget into(plain, encoded);
        const Result<GetReply> reply = co_await store.get("key", into, no_condition());
        expect_ok(reply);
        if (!reply.has_value()) co_return;
        EXPECT_FALSE(reply->encoded);
        EXPECT_TRUE(plain == body);
        EXPECT_TRUE(encoded == std::vector<std::byte>(5000));
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, AnEncodedObjectHasMemoryOfItsOwn) {
    if (!TypeParam::kKeepsMetadata) return;
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(5000, 13);
        PutRequest request = put_of("key", body);
        request.meta.content_encoding = "deflate, encrypt-AES-128-CBC";
        request.meta.hmac.emplace();
        request.meta.hmac->bytes.fill(std::byte{0x7e});
        const Result<ETag> etag = co_await store.put(request);
        expect_ok(etag);
        std::vector<std::byte> plain(4096);
        std::vector<std::byte> encoded(5000);
        const ReadTarget both(plain, encoded);
        const Result<GetReply> reply = co_await store.get("key", both, no_condition());
        expect_ok(reply);
        if (!reply.has_value()) co_return;
        EXPECT_TRUE(reply->encoded);
        EXPECT_EQ(reply->length.value, body.size());
        EXPECT_TRUE(encoded == body);
        EXPECT_TRUE(plain == std::vector<std::byte>(4096));
        EXPECT_TRUE(reply->meta.hmac == request.meta.hmac);
        const ReadTarget small(plain, std::span(encoded).first(4999));
        const Result<GetReply> too_long = co_await store.get("key", small, no_condition());
        expect_error(too_long, Errc::BadReply);
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, MetadataIsKeptWhereTheStoreHasAny) {
    if (!TypeParam::kKeepsMetadata) return;
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(64, 5);
        PutRequest request = put_of("key", body);
        request.meta.content_encoding = "deflate";
        request.meta.block_size = ByteCount(4096);
        request.meta.file_size = ByteCount(uint64_t{1} << 40);
        request.meta.mount_token = 0x00c0ffee;
        const Result<ETag> etag = co_await store.put(request);
        expect_ok(etag);
        const Result<ObjectMeta> meta = co_await store.head("key");
        expect_ok(meta);
        if (!meta.has_value()) co_return;
        EXPECT_EQ(meta->content_encoding, "deflate");
        EXPECT_EQ(meta->block_size, ByteCount(4096));
        EXPECT_EQ(meta->file_size, ByteCount(uint64_t{1} << 40));
        EXPECT_EQ(meta->mount_token, 0x00c0ffeeU);
        const Result<GetReply> reply = co_await store.get("key", body, no_condition());
        expect_ok(reply);
        if (!reply.has_value()) co_return;
        EXPECT_EQ(reply->meta.content_encoding, "deflate");
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, ManyObjectsAtOnce) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        for (int pass = 0; pass < 2; ++pass) {
            const bool write = pass == 0;
            TaskGroup group;
            for (uint32_t i = 0; i < 100; ++i) {
                const std::string key = "many-" + std::to_string(i);
                std::vector<std::byte> body = pattern(1000 + 777 * i, i);
                group.spawn(write ? put_bytes(store, key, body) : expect_bytes(store, key, body));
            }
            co_await group.join();
        }
        EXPECT_EQ(store.counters().puts, 100U);
        EXPECT_EQ(store.counters().gets, 100U);
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, FlushSucceedsAfterChanges) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(64, 6);
        co_await put_bytes(store, "kept", body);
        co_await put_bytes(store, "removed", body);
        const Result<void> removed = co_await store.remove("removed");
        expect_ok(removed);
        for (int i = 0; i < 2; ++i) {
            const Result<void> flushed = co_await store.flush();
            expect_ok(flushed);
        }
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, AListNamesTheKeysOfAPrefixInTheirOrder) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        const std::vector<std::string> keys = words("b p-2 p-10 p-1 p-1~ p_ P-1");
        for (size_t i = 0; i < keys.size(); ++i) {
            std::vector<std::byte> body = pattern(64 + i, 8);
            co_await put_bytes(store, keys[i], body);
        }
        co_await expect_keys(store, "", "", "P-1 b p-1 p-10 p-1~ p-2 p_");
        co_await expect_keys(store, "p-", "", "p-1 p-10 p-1~ p-2");
        co_await expect_keys(store, "p-", "p-10", "p-1~ p-2");
        co_await expect_keys(store, "p-", "p-1!", "p-10 p-1~ p-2");  // no such key
        co_await expect_keys(store, "p-", "a", "p-1 p-10 p-1~ p-2");
        co_await expect_keys(store, "p-", "p-2", "");
        co_await expect_keys(store, "p-", "q", "");
        co_await expect_keys(store, "none", "", "");
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, PagesOfAListLeaveOutAndRepeatNothing) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::string> expected;
        for (char letter = 'a'; letter <= 'g'; ++letter) {
            expected.push_back(std::string("key+&") + letter);
            std::vector<std::byte> body = pattern(64, 9);
            co_await put_bytes(store, expected.back(), body);
        }
        for (uint32_t max_keys = 1; max_keys <= 8; ++max_keys) {
            std::vector<std::string> seen;
            co_await list_all(store, "key+&", max_keys, seen);
            EXPECT_EQ(seen, expected) << max_keys;
        }
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, AListedETagIsThatOfTheObject) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(64, 10);
        co_await put_bytes(store, "key", body);
        ListRequest request;
        const Result<ListPage> page = co_await store.list(request);
        expect_ok(page);
        if (!page.has_value() || page->objects.size() != 1) co_return;
        const ETag& etag = page->objects.front().etag;
        if (etag) {
            EXPECT_TRUE(*etag == codec::md5(body));
        }
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, ManyAreRemovedAtOnceWhetherTheyExistOrNot) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        std::vector<std::byte> body = pattern(64, 11);
        const std::vector<std::string> there = words("a&b c<d> e\"f' kept");
        for (size_t i = 0; i < there.size(); ++i) {
            co_await put_bytes(store, there[i], body);
        }
        const std::vector<std::string> keys = words("a&b c<d> e\"f' missing");
        const Result<std::vector<std::string>> left = co_await store.remove_many(keys);
        expect_ok(left);
        if (left.has_value()) {
            EXPECT_EQ(*left, std::vector<std::string>());
        }
        co_await expect_keys(store, "", "", "kept");
    };
    this->world_.run(kTest(this->store()));
}

TYPED_TEST_P(ObjectStoreContract, AfterCancelAllEveryCallIsCancelled) {
    static constexpr auto kTest = [](ObjectStore& store) -> Task<void> {
        store.cancel_all();
        std::vector<std::byte> body = pattern(64, 7);
        const PutRequest request = put_of("key", body);
        const Result<ETag> etag = co_await store.put(request);
        expect_error(etag, Errc::Cancelled);
        const Result<GetReply> reply = co_await store.get("key", body, no_condition());
        expect_error(reply, Errc::Cancelled);
        const Result<void> removed = co_await store.remove("key");
        expect_error(removed, Errc::Cancelled);
        const ListRequest list;
        const Result<ListPage> page = co_await store.list(list);
        expect_error(page, Errc::Cancelled);
        const std::vector<std::string> keys = words("key");
        const Result<std::vector<std::string>> left = co_await store.remove_many(keys);
        expect_error(left, Errc::Cancelled);
    };
    this->world_.run(kTest(this->store()));
}

REGISTER_TYPED_TEST_SUITE_P(
    ObjectStoreContract, WhatWasPutIsRead, AMissingObjectIsNotFoundOrStaleWhereItMustExist,
    ARemovedObjectIsGoneAndRemovingItAgainSucceeds, AnObjectLongerThanTheTargetIsRefused,
    PreconditionsAreHonoured, AnObjectWithoutAnEncodingGoesToThePlainMemory,
    AnEncodedObjectHasMemoryOfItsOwn, MetadataIsKeptWhereTheStoreHasAny, ManyObjectsAtOnce,
    FlushSucceedsAfterChanges, AListNamesTheKeysOfAPrefixInTheirOrder,
    PagesOfAListLeaveOutAndRepeatNothing, AListedETagIsThatOfTheObject,
    ManyAreRemovedAtOnceWhetherTheyExistOrNot, AfterCancelAllEveryCallIsCancelled);

}  // namespace s3b::net
