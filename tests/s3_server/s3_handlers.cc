// SPDX-License-Identifier: Apache-2.0
// Operations on objects and buckets. Listing and bulk delete, which speak XML, are in s3_xml.cc.
#include "tests/s3_server/s3_handlers.h"

#include <algorithm>
#include <array>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

// Beginnings of the names of request headers that are stored with an object.
constexpr std::array<std::string_view, 5> kKeptHeaders{"x-amz-meta-", "content-type",
                                                       "content-encoding", "x-amz-storage-class",
                                                       "x-amz-server-side-encryption"};

HeaderList kept_headers(const Request& request) {
    HeaderList kept;
    for (const HeaderView& item : request.headers) {
        const bool keep = std::ranges::any_of(kKeptHeaders, [&](std::string_view start) {
            return starts_with_ignoring_case(item.name, start);
        });
        if (keep) {
            kept.emplace_back(to_lower(item.name), trim(item.value));
        }
    }
    return kept;
}

// `etag` is quoted; the condition's values may be or not.
bool matches_etag(std::string_view condition, std::string_view etag) {
    const std::string_view bare = etag.substr(1, etag.size() - 2);
    for (const std::string_view part : split(condition, ',')) {
        const std::string_view value = trim(part);
        if (value == "*" || value == etag || value == bare) {
            return true;
        }
    }
    return false;
}

Answer no_such_bucket(const S3Target& target) {
    return error_answer(404, "NoSuchBucket", "The bucket does not exist", target.bucket);
}

Answer precondition_failed(const S3Target& target) {
    return error_answer(412, "PreconditionFailed", "A condition does not hold", target.key);
}

Answer empty_answer(unsigned status) {
    Answer answer;
    answer.status = status;
    return answer;
}

}  // namespace

Answer S3Handlers::handle(Request& request, const S3Target& target, bool stale) {
    if (target.key.empty()) {
        return handle_bucket(request, target);
    }
    if (!store_.objects().has_bucket(target.bucket)) {
        return no_such_bucket(target);
    }
    switch (target.operation) {
        case Operation::kGet:
        case Operation::kHead: return get_object(request, target, stale);
        case Operation::kPut:
            if (request.header("if-none-match") == "*" &&
                store_.objects().find(target.bucket, target.key)) {
                return precondition_failed(target);
            }
            return put_object(request, target);
        case Operation::kDelete: store_.remove(target.bucket, target.key); return empty_answer(204);
        default:
            return error_answer(405, "MethodNotAllowed", "Not a method for objects", target.key);
    }
}

Answer S3Handlers::handle_bucket(Request& request, const S3Target& target) {
    if (target.bucket.empty()) {
        return error_answer(501, "NotImplemented", "Buckets cannot be listed");
    }
    if (request.method == "PUT") {
        store_.create_bucket(target.bucket);
        return empty_answer(200);
    }
    if (!store_.objects().has_bucket(target.bucket)) {
        return no_such_bucket(target);
    }
    if (target.operation == Operation::kList) {
        return list(request, target);
    }
    if (target.operation == Operation::kPost) {
        return bulk_delete(request, target);
    }
    if (request.method == "HEAD") {
        return empty_answer(200);
    }
    return error_answer(405, "MethodNotAllowed", "Not a method for buckets", target.bucket);
}

Answer S3Handlers::get_object(const Request& request, const S3Target& target, bool stale) const {
    const ObjectMap& objects = store_.objects();
    const ObjectPtr object = stale ? objects.find_previous(target.bucket, target.key)
                                   : objects.find(target.bucket, target.key);
    if (!object) {
        return error_answer(404, "NoSuchKey", "The key does not exist", target.key);
    }
    const auto if_match = request.header("if-match");
    if (if_match && !matches_etag(*if_match, object->etag)) {
        return precondition_failed(target);
    }
    Answer answer;
    answer.headers.reserve(object->headers.size() + 3);
    answer.headers.emplace_back("ETag", object->etag);
    const auto if_none_match = request.header("if-none-match");
    if (if_none_match && matches_etag(*if_none_match, object->etag)) {
        answer.status = 304;
        return answer;
    }
    answer.headers.emplace_back("Last-Modified", object->modified_text);
    answer.headers.insert(answer.headers.end(), object->headers.begin(), object->headers.end());
    answer.body = std::shared_ptr<const std::string>(object, &object->body);
    return answer;
}

Answer S3Handlers::put_object(Request& request, const S3Target& target) {
    const ObjectPtr object =
        make_object(std::move(request.body), kept_headers(request), std::time(nullptr));
    store_.put(target.bucket, target.key, object);
    Answer answer = empty_answer(200);
    answer.headers.emplace_back("ETag", object->etag);
    return answer;
}

}  // namespace s3b::test
