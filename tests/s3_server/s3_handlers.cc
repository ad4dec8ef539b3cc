// SPDX-License-Identifier: Apache-2.0
// Operations on objects and buckets. Listing and bulk delete, which speak XML, are in s3_xml.cc.
#include "tests/s3_server/s3_handlers.h"

#include <algorithm>
#include <array>

#include "tests/s3_server/encryption_headers.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kAcl = "x-amz-acl";
// Request headers that are stored with an object, besides metadata and those of encryption.
constexpr std::array<std::string_view, 4> kKeptHeaders{"content-type", "content-encoding",
                                                       "x-amz-storage-class", kAcl};

bool is_kept(std::string_view name) {
    return name.starts_with("x-amz-meta-") || is_kept_encryption_header(name) ||
           std::ranges::find(kKeptHeaders, name) != kKeptHeaders.end();
}

HeaderList kept_headers(const Request& request) {
    HeaderList kept;
    for (const HeaderView& item : request.headers) {
        std::string name = to_lower(item.name);
        if (is_kept(name)) {
            kept.emplace_back(std::move(name), trim(item.value));
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

Answer S3Handlers::handle(Request& request, const S3Target& target, const Handling& handling) {
    if (target.key.empty()) {
        return handle_bucket(request, target, handling);
    }
    if (!store_.objects().has_bucket(target.bucket)) {
        return no_such_bucket(target);
    }
    switch (target.operation) {
        case Operation::kGet:
        case Operation::kHead: return get_object(request, target, handling);
        case Operation::kPut: return put_object(request, target);
        case Operation::kDelete: store_.remove(target.bucket, target.key); return empty_answer(204);
        default:
            return error_answer(405, "MethodNotAllowed", "Not a method for objects", target.key);
    }
}

Answer S3Handlers::handle_bucket(Request& request, const S3Target& target,
                                 const Handling& handling) {
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
        return list(request, target, handling.list_for_ever);
    }
    if (target.operation == Operation::kPost) {
        return bulk_delete(request, target, handling.bulk_errors);
    }
    if (request.method == "HEAD") {
        return empty_answer(200);
    }
    return error_answer(405, "MethodNotAllowed", "Not a method for buckets", target.bucket);
}

Answer S3Handlers::get_object(const Request& request, const S3Target& target,
                              const Handling& handling) const {
    const ObjectMap& objects = store_.objects();
    const ObjectPtr object = handling.stale ? objects.find_previous(target.bucket, target.key)
                                            : objects.find(target.bucket, target.key);
    if (!object) {
        return error_answer(404, "NoSuchKey", "The key does not exist", target.key);
    }
    if (auto refusal = check_get_encryption(request, object->headers);
        refusal && !handling.is_admin) {
        return *refusal;
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
    std::ranges::copy_if(object->headers, std::back_inserter(answer.headers),
                         [&](const auto& item) { return handling.is_admin || item.first != kAcl; });
    answer.body = std::shared_ptr<const std::string>(object, &object->body);
    return answer;
}

std::optional<Answer> S3Handlers::check_put(const Request& request, const S3Target& target) const {
    if (request.header("if-none-match") == "*" && conditional_put_ != ConditionalPut::kIgnored) {
        if (conditional_put_ == ConditionalPut::kNotImplemented) {
            return error_answer(501, "NotImplemented", "If-None-Match is not implemented for PUT",
                                target.key);
        }
        if (store_.objects().find(target.bucket, target.key)) {
            return precondition_failed(target);
        }
    }
    return check_put_encryption(request);
}

Answer S3Handlers::put_object(Request& request, const S3Target& target) {
    if (auto refusal = check_put(request, target)) {
        return *refusal;
    }
    const ObjectPtr object =
        make_object(std::move(request.body), kept_headers(request), clock_.now(), request.body_md5);
    store_.put(target.bucket, target.key, object);
    Answer answer = empty_answer(200);
    answer.headers = encryption_headers(object->headers);
    answer.headers.emplace_back("ETag", object->etag);
    return answer;
}

}  // namespace s3b::test
