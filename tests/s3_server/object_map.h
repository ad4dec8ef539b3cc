// SPDX-License-Identifier: Apache-2.0
// The buckets and objects of the test server, in memory and in key order. Of each key the version
// before the current one is kept too, for the answers of an eventually consistent store.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/s3_server/http_message.h"

namespace s3b::test {

struct Object {
    std::string body;
    HeaderList headers;  // those kept of the request, lower-case names
    std::string etag;    // quoted MD5 of the body, or another such value when encrypted
    std::time_t modified = 0;
    std::string modified_text;  // for Last-Modified
    std::string modified_iso;   // for lists
    std::string storage_class;
};

using ObjectPtr = std::shared_ptr<const Object>;

ObjectPtr make_object(std::string body, HeaderList headers, std::time_t modified,
                      const std::optional<Md5Digest>& body_md5 = {});

struct ListQuery {
    std::string prefix;
    std::string after;      // keys up to this one are left out
    std::string delimiter;  // empty: none
    size_t max_keys = 1000;
};

struct ListPage {
    struct Item {
        std::string key;
        ObjectPtr object;
    };
    std::vector<Item> items;
    std::vector<std::string> common_prefixes;
    std::string last;  // last key or common prefix on the page
    bool truncated = false;
};

class ObjectMap {
public:
    void create_bucket(std::string_view bucket);
    bool has_bucket(std::string_view bucket) const;

    // Null when there is none.
    ObjectPtr find(std::string_view bucket, std::string_view key) const;
    ObjectPtr find_previous(std::string_view bucket, std::string_view key) const;
    // The bucket must exist.
    void put(std::string_view bucket, std::string_view key, ObjectPtr object);
    void remove(std::string_view bucket, std::string_view key);
    // Objects PREFIX00000000, .. of `count` numbers in 8 hex digits, all with the same content.
    // Keys that exist are left alone.
    void fill(std::string_view bucket, std::string_view prefix, uint64_t count,
              const ObjectPtr& object);

    // O(log n) and the length of the page, but for keys behind a delimiter.
    ListPage list(std::string_view bucket, const ListQuery& query) const;

private:
    struct Versions {
        ObjectPtr current;
        ObjectPtr previous;  // null: there was none
    };
    struct Bucket {
        std::map<std::string, Versions, std::less<>> objects;
        std::map<std::string, ObjectPtr, std::less<>> deleted;  // last versions; not in objects
    };

    const Bucket* bucket_of(std::string_view bucket) const;

    std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace s3b::test
