// SPDX-License-Identifier: Apache-2.0
// Objects in ordered maps. Deleted keys are apart from the others, so that lists do not meet them.
#include "tests/s3_server/object_map.h"

#include <algorithm>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/encryption_headers.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

std::string etag_of(const Md5Digest& body_md5, const HeaderList& headers) {
    const std::string digest = to_hex(body_md5);
    return has_opaque_etag(headers) ? to_hex(md5("encrypted " + digest)) : digest;
}

std::string storage_class_of(const HeaderList& headers) {
    const auto given =
        std::ranges::find(headers, "x-amz-storage-class", &HeaderList::value_type::first);
    return given == headers.end() ? "STANDARD" : given->second;
}

}  // namespace

ObjectPtr make_object(std::string body, HeaderList headers, std::time_t modified,
                      const std::optional<Md5Digest>& body_md5) {
    Object object;
    object.etag = '"' + etag_of(body_md5 ? *body_md5 : md5(body), headers) + '"';
    object.storage_class = storage_class_of(headers);
    object.body = std::move(body);
    object.headers = std::move(headers);
    object.modified = modified;
    object.modified_text = http_date(modified);
    object.modified_iso = iso_date(modified);
    return std::make_shared<const Object>(std::move(object));
}

void ObjectMap::create_bucket(std::string_view bucket) {
    buckets_.try_emplace(std::string(bucket));
}

bool ObjectMap::has_bucket(std::string_view bucket) const {
    return buckets_.find(bucket) != buckets_.end();
}

const ObjectMap::Bucket* ObjectMap::bucket_of(std::string_view bucket) const {
    const auto found = buckets_.find(bucket);
    return found == buckets_.end() ? nullptr : &found->second;
}

ObjectPtr ObjectMap::find(std::string_view bucket, std::string_view key) const {
    const Bucket* in_bucket = bucket_of(bucket);
    if (!in_bucket) {
        return nullptr;
    }
    const auto found = in_bucket->objects.find(key);
    return found == in_bucket->objects.end() ? nullptr : found->second.current;
}

ObjectPtr ObjectMap::find_previous(std::string_view bucket, std::string_view key) const {
    const Bucket* in_bucket = bucket_of(bucket);
    if (!in_bucket) {
        return nullptr;
    }
    const auto found = in_bucket->objects.find(key);
    if (found != in_bucket->objects.end()) {
        return found->second.previous;
    }
    const auto deleted = in_bucket->deleted.find(key);
    return deleted == in_bucket->deleted.end() ? nullptr : deleted->second;
}

void ObjectMap::put(std::string_view bucket, std::string_view key, ObjectPtr object) {
    Bucket& in_bucket = buckets_.find(bucket)->second;
    Versions& versions = in_bucket.objects[std::string(key)];
    versions.previous = std::move(versions.current);
    versions.current = std::move(object);
    const auto deleted = in_bucket.deleted.find(key);
    if (deleted != in_bucket.deleted.end()) {
        in_bucket.deleted.erase(deleted);
    }
}

void ObjectMap::remove(std::string_view bucket, std::string_view key) {
    Bucket& in_bucket = buckets_.find(bucket)->second;
    const auto found = in_bucket.objects.find(key);
    if (found != in_bucket.objects.end()) {
        in_bucket.deleted.insert_or_assign(found->first, std::move(found->second.current));
        in_bucket.objects.erase(found);
    }
}

void ObjectMap::fill(std::string_view bucket, std::string_view prefix, uint64_t count,
                     const ObjectPtr& object) {
    auto& objects = buckets_.find(bucket)->second.objects;
    for (uint64_t number = 0; number < count; ++number) {
        std::string key(prefix);
        for (int shift = 28; shift >= 0; shift -= 4) {
            key += "0123456789abcdef"[number >> shift & 15];
        }
        objects.try_emplace(objects.end(), std::move(key), Versions{object, nullptr});
    }
}

ListPage ObjectMap::list(std::string_view bucket, const ListQuery& query) const {
    ListPage page;
    const auto& objects = buckets_.find(bucket)->second.objects;
    auto at = query.after < query.prefix ? objects.lower_bound(query.prefix)
                                         : objects.upper_bound(query.after);
    for (; at != objects.end() && at->first.starts_with(query.prefix); ++at) {
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
