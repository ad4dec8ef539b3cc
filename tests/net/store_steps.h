// SPDX-License-Identifier: Apache-2.0
// Steps of the tests of object stores: bodies, puts and gets with their expectations.
#pragma once

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "codec/hash.h"
#include "net/object_store.h"

namespace s3b::net {

/// `size` bytes that depend on `seed`, and repeat neither in a page nor in a block.
inline std::vector<std::byte> pattern(size_t size, uint32_t seed) {
    std::vector<std::byte> bytes(size);
    uint32_t state = seed * 2654435761U + 1;
    for (std::byte& b : bytes) {
        state = state * 1664525U + 1013904223U;
        b = static_cast<std::byte>(state >> 24);
    }
    return bytes;
}

inline PutRequest put_of(std::string_view key, std::span<const std::byte> body) {
    PutRequest request;
    request.key = key;
    request.body = body;
    request.md5 = codec::md5(body);
    request.sha256 = codec::sha256(body);
    request.content_type = "application/x-s3backer-block";
    return request;
}

inline Precondition no_condition() { return Precondition(); }

/// EXPECTs the error `code`.
template <class T>
void expect_error(const Result<T>& result, Errc code) {
    if (result.has_value()) {
        ADD_FAILURE() << "succeeded, expected " << to_string(code);
        return;
    }
    EXPECT_STREQ(to_string(result.error().code), to_string(code)) << result.error().what;
}

/// EXPECTs success.
template <class T>
void expect_ok(const Result<T>& result) {
    if (result.has_value()) return;
    ADD_FAILURE() << to_string(result.error().code) << ": " << result.error().what;
}

/// Puts `body`; EXPECTs success.
inline Task<void> put_bytes(ObjectStore& store, std::string key, std::vector<std::byte> body) {
    const PutRequest request = put_of(key, body);
    const Result<ETag> etag = co_await store.put(request);
    if (!etag.has_value()) {
        ADD_FAILURE() << key << ": " << to_string(etag.error().code) << ' ' << etag.error().what;
        co_return;
    }
    EXPECT_TRUE(*etag == ETag(request.md5));
}

/// Gets `key`; EXPECTs exactly `body` and its ETag.
inline Task<void> expect_bytes(ObjectStore& store, std::string key, std::vector<std::byte> body) {
    std::vector<std::byte> into(body.size() + 16, std::byte{0x5a});
    const Result<GetReply> reply = co_await store.get(key, into, no_condition());
    if (!reply.has_value()) {
        ADD_FAILURE() << key << ": " << to_string(reply.error().code) << ' ' << reply.error().what;
        co_return;
    }
    EXPECT_EQ(reply->length.value, body.size());
    into.resize(body.size());
    EXPECT_TRUE(into == body) << key;
    EXPECT_TRUE(reply->etag == ETag(codec::md5(body)));
}

/// Appends all keys that begin with `prefix`, page by page; EXPECTs pages that are as promised.
inline Task<void> list_all(ObjectStore& store, std::string prefix, uint32_t max_keys,
                           std::vector<std::string>& keys, std::string after = "") {
    for (;;) {
        ListRequest request;
        request.prefix = prefix;
        request.after = after;
        request.max_keys = max_keys;
        const Result<ListPage> page = co_await store.list(request);
        expect_ok(page);
        if (!page.has_value()) co_return;
        EXPECT_LE(page->objects.size(), max_keys);
        for (const ListedObject& object : page->objects) keys.push_back(object.key);
        if (!page->truncated) co_return;
        EXPECT_FALSE(page->objects.empty());
        if (page->objects.empty()) co_return;
        after = page->objects.back().key;
    }
}

/// The words of `text`, which has one blank between two of them.
inline std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

/// Of the keys that begin with `prefix` and come after `after`, EXPECTs exactly the words of
/// `expected`.
inline Task<void> expect_keys(ObjectStore& store, std::string prefix, std::string after,
                              std::string expected) {
    std::vector<std::string> keys;
    co_await list_all(store, prefix, 1000, keys, after);
    EXPECT_EQ(keys, words(expected)) << prefix << " after " << after;
}

}  // namespace s3b::net
