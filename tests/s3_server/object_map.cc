// SPDX-License-Identifier: Apache-2.0
// Objects in ordered maps; a deleted key stays as an entry without a current version.
#include "tests/s3_server/object_map.h"

#include <algorithm>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/encryption_headers.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

std::string etag_of(std::string_view body, const HeaderList& headers) {
    const std::string digest = to_hex(md5(body));
    return has_opaque_etag(headers) ? to_hex(md5("encrypted " + digest)) : digest;
}

std::string storage_class_of(const HeaderList& headers) {
    const auto given =
        std::ranges::find(headers, "x-amz-storage-class", &HeaderList::value_type::first);
    return given == headers.end() ? "STANDARD" : given->second;
}

}  // namespace

ObjectPtr make_object(std::string body, HeaderList headers, std::time_t modified) {
    Object object;
    object.etag = '"' + etag_of(body, headers) + '"';
    object.storage_class = storage_class_of(headers);
    object.body = std::move(body);
    object.headers = std::move(headers);
    object.modified = modified;
    object.modified_text = http_date(modified);
    return std::make_shared<const Object>(std::move(object));
}

void ObjectMap::create_bucket(std::string_view bucket) {
    buckets_.try_emplace(std::string(bucket));
}

bool ObjectMap::has_bucket(std::string_view bucket) const {
    return buckets_.find(bucket) != buckets_.end();
}

const ObjectMap::Versions* ObjectMap::versions(std::string_view bucket,
                                               std::string_view key) const {
    const auto in_bucket = buckets_.find(bucket);
    if (in_bucket == buckets_.end()) {
        return nullptr;
    }
    const auto found = in_bucket->second.find(key);
    return found == in_bucket->second.end() ? nullptr : &found->second;
}

ObjectPtr ObjectMap::find(std::string_view bucket, std::string_view key) const {
    const Versions* found = versions(bucket, key);
    return found ? found->current : nullptr;
}

ObjectPtr ObjectMap::find_previous(std::string_view bucket, std::string_view key) const {
    const Versions* found = versions(bucket, key);
    return found ? found->previous : nullptr;
}

void ObjectMap::put(std::string_view bucket, std::string_view key, ObjectPtr object) {
    Versions& versions = buckets_.find(bucket)->second[std::string(key)];
    versions.previous = std::move(versions.current);
    versions.current = std::move(object);
}

void ObjectMap::remove(std::string_view bucket, std::string_view key) {
    Bucket& in_bucket = buckets_.find(bucket)->second;
    const auto found = in_bucket.find(key);
    if (found != in_bucket.end() && found->second.current) {
        found->second.previous = std::move(found->second.current);
    }
}

ListPage ObjectMap::list(std::string_view bucket, const ListQuery& query) const {
    ListPage page;
    const Bucket& in_bucket = buckets_.find(bucket)->second;
    auto at = query.after < query.prefix ? in_bucket.lower_bound(query.prefix)
                                         : in_bucket.upper_bound(query.after);
    for (; at != in_bucket.end() && at->first.starts_with(query.prefix); ++at) {
        if (!at->second.current) {
            continue;
        }
        const std::string& key = at->first;
        const size_t cut = query.delimiter.empty() ? std::string::npos
                                                   : key.find(query.delimiter, query.prefix.size());
        const std::string name =
            cut == std::string::npos ? key : key.substr(0, cut + query.delimiter.size());
        if (cut != std::string::npos && (name == query.after || name == page.last)) {
            continue;
        }
        if (page.items.size() + page.common_prefixes.size() == query.max_keys) {
            page.truncated = query.max_keys > 0;
            break;
        }
        if (cut == std::string::npos) {
            page.items.push_back({key, at->second.current});
        } else {
            page.common_prefixes.push_back(name);
        }
        page.last = name;
    }
    return page;
}

}  // namespace s3b::test
