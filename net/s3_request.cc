// SPDX-License-Identifier: Apache-2.0
#include "net/s3_request.h"

#include <algorithm>

#include "codec/text.h"
#include "codec/wipe.h"
#include "net/sigv2.h"

namespace s3b::net {

namespace {

constexpr std::string_view kSentAsTheyAre = "+=@:&";
constexpr std::string_view kBulkDeleteQuery = "delete";
constexpr std::string_view kSseKms = "aws:kms";
constexpr size_t kUsualHeaders = 12;

std::string quoted(const Md5& md5) { return '"' + codec::to_hex(md5.bytes) + '"'; }

const Sha256& hash_of_nothing() {
    static const Sha256 hash = codec::sha256({});
    return hash;
}

void wipe(AccessKeys& keys) {
    codec::wipe(keys.secret);
    codec::wipe(keys.session_token);
}

void add_session_token(HttpRequest& request, const AccessKeys& keys) {
    if (keys.session_token.empty()) return;
    request.headers.emplace_back("x-amz-security-token", keys.session_token);
}

void add_storage_class(std::vector<Header>& headers, const std::string& storage_class) {
    if (!storage_class.empty()) headers.emplace_back("x-amz-storage-class", storage_class);
}

void add_meta(std::vector<Header>& headers, const ObjectMeta& meta) {
    if (meta.mount_token) {
        headers.emplace_back("x-amz-meta-s3backer-mount-token", codec::to_hex8(*meta.mount_token));
    }
    if (meta.block_size) {
        headers.emplace_back("x-amz-meta-s3backer-blocksize",
                             std::to_string(meta.block_size->value));
    }
    if (meta.file_size) {
        headers.emplace_back("x-amz-meta-s3backer-filesize", std::to_string(meta.file_size->value));
    }
    if (meta.hmac) {
        headers.emplace_back("x-amz-meta-s3backer-hmac",
                             '"' + codec::to_hex(meta.hmac->bytes) + '"');
    }
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view base_url, std::string_view bucket, bool vhost) {
    const Error malformed(Errc::InvalidArgument,
                          "a base URL is http://HOST/ or https://HOST/ and ends in a slash");
    Endpoint endpoint;
    endpoint.tls = base_url.starts_with("https://");
    if (!endpoint.tls && !base_url.starts_with("http://")) return malformed;
    const size_t host_begin = endpoint.tls ? 8 : 7;
    const size_t host_end = base_url.find('/', host_begin);
    if (host_end == std::string_view::npos || host_end == host_begin) return malformed;
    if (!base_url.ends_with('/')) return malformed;
    if (base_url.find_first_of("?# \t\r\n") != std::string_view::npos) return malformed;
    endpoint.origin = base_url.substr(0, host_end);
    endpoint.host = base_url.substr(host_begin, host_end - host_begin);
    if (endpoint.host.find('@') != std::string::npos) return malformed;  // not part of a Host
    const std::string_view default_port = endpoint.tls ? ":443" : ":80";
    if (endpoint.host.ends_with(default_port)) {
        endpoint.host.resize(endpoint.host.size() - default_port.size());
    }
    endpoint.root = base_url.substr(host_end);
    if (!vhost) {
        endpoint.root += bucket;
        endpoint.root += '/';
    }
    endpoint.bucket = bucket;
    endpoint.vhost = vhost;
    return endpoint;
}

std::string wire_path(std::string_view path) {
    std::string result;
    size_t begin = 0;
    while (begin <= path.size()) {
        const size_t end = std::min(path.find_first_of(kSentAsTheyAre, begin), path.size());
        result += codec::percent_encode(path.substr(begin, end - begin), codec::Slash::Keep);
        if (end < path.size()) result += path[end];
        begin = end + 1;
    }
    return result;
}

RequestBuilder::RequestBuilder(const Settings& settings) : settings_(settings) {
    set_keys(settings.keys);
    if (settings_.sse_customer_key.empty()) return;
    const auto key = codec::bytes_of(settings_.sse_customer_key);
    customer_key_text_ = codec::to_base64(key);
    customer_key_md5_ = codec::to_base64(codec::md5(key).bytes);
}

RequestBuilder::~RequestBuilder() {
    wipe(settings_.keys);
    codec::wipe(settings_.sse_customer_key);
    codec::wipe(customer_key_text_);
}

void RequestBuilder::set_keys(const AccessKeys& keys) {
    wipe(settings_.keys);
    settings_.keys = keys;
    signer_.reset();
    if (settings_.aws2 || keys.id.empty()) return;
    signer_.emplace(keys.id, keys.secret, settings_.region);
}

RequestBuilder::Target RequestBuilder::object(std::string_view key) const {
    return {settings_.endpoint.root + std::string(key), {}};
}

RequestBuilder::Target RequestBuilder::bucket(std::string query) const {
    const Endpoint& endpoint = settings_.endpoint;
    std::string path = endpoint.root;
    if (!endpoint.vhost) path.pop_back();  // as s3backer does: BASE/BUCKET?QUERY
    return {std::move(path), std::move(query)};
}

HttpRequest RequestBuilder::begin(Method method, const Target& target) const {
    HttpRequest request;
    request.method = method;
    request.url = settings_.endpoint.origin + wire_path(target.path);
    if (!target.query.empty()) request.url += '?' + target.query;
    request.timeout = settings_.timeout;
    request.headers.reserve(kUsualHeaders);
    return request;
}

void RequestBuilder::add_customer_key(HttpRequest& request) const {
    if (customer_key_text_.empty()) return;
    std::vector<Header>& headers = request.headers;
    headers.emplace_back("x-amz-server-side-encryption-customer-algorithm", "AES256");
    headers.emplace_back("x-amz-server-side-encryption-customer-key", customer_key_text_);
    headers.emplace_back("x-amz-server-side-encryption-customer-key-md5", customer_key_md5_);
}

void RequestBuilder::finish(HttpRequest& request, const Target& target, const Sha256& body_hash,
                            WallTime now) {
    if (settings_.aws2) return finish_v2(request, target, now);
    const std::string date = amz_date(now);
    request.headers.emplace_back("x-amz-date", date);
    if (!signer_) return;
    const std::string hash = codec::to_hex(body_hash.bytes);
    request.headers.emplace_back("x-amz-content-sha256", hash);
    add_session_token(request, settings_.keys);
    SignedParts parts;
    parts.method = request.method;
    parts.host = settings_.endpoint.host;
    parts.path = target.path;
    parts.query = target.query;
    parts.headers = request.headers;
    parts.body_hash = hash;
    std::string authorization = signer_->authorization(parts, date);
    request.headers.emplace_back("Authorization", std::move(authorization));
}

void RequestBuilder::finish_v2(HttpRequest& request, const Target& target, WallTime now) const {
    request.headers.emplace_back("Date", http_date(now));
    if (settings_.keys.id.empty()) return;
    add_session_token(request, settings_.keys);
    const std::string resource = resource_of(target);
    PartsOfV2 parts;
    parts.method = request.method;
    parts.headers = request.headers;
    parts.resource = resource;
    std::string authorization = authorization_v2(parts, settings_.keys);
    request.headers.emplace_back("Authorization", std::move(authorization));
}

std::string RequestBuilder::resource_of(const Target& target) const {
    const Endpoint& endpoint = settings_.endpoint;
    std::string resource = '/' + endpoint.bucket;
    // A path in the base URL is the proxy's, not the store's.
    if (target.path.size() >= endpoint.root.size()) {
        resource += '/' + wire_path(target.path.substr(endpoint.root.size()));
    }
    if (target.query == kBulkDeleteQuery) resource += '?' + target.query;
    return resource;
}

HttpRequest RequestBuilder::put(const PutRequest& put, WallTime now) {
    const Target target = object(put.key);
    HttpRequest request = begin(Method::Put, target);
    request.body = put.body;
    std::vector<Header>& headers = request.headers;
    const ObjectMeta& meta = put.meta;
    if (!meta.content_encoding.empty()) {
        headers.emplace_back("Content-Encoding", meta.content_encoding);
    }
    headers.emplace_back("Content-Type", std::string(put.content_type));
    headers.emplace_back("Content-MD5", codec::to_base64(put.md5.bytes));
    if (put.only_if_absent) headers.emplace_back("If-None-Match", "*");
    headers.emplace_back("x-amz-acl", settings_.access_type);
    add_meta(headers, meta);
    if (!settings_.sse.empty()) headers.emplace_back("x-amz-server-side-encryption", settings_.sse);
    if (settings_.sse == kSseKms && !settings_.sse_key_id.empty()) {
        headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", settings_.sse_key_id);
    }
    add_customer_key(request);
    add_storage_class(headers, settings_.storage_class);
    finish(request, target, put.sha256, now);
    return request;
}

HttpRequest RequestBuilder::get(std::string_view key, const ReadTarget& into,
                                const Precondition& precondition, WallTime now) {
    const Target target = object(key);
    HttpRequest request = begin(Method::Get, target);
    request.into = into.plain;
    request.encoded_into = into.encoded;
    if (precondition.kind == Precondition::Kind::Match) {
        request.headers.emplace_back("If-Match", quoted(precondition.etag));
    } else if (precondition.kind == Precondition::Kind::NoneMatch) {
        request.headers.emplace_back("If-None-Match", quoted(precondition.etag));
    }
    request.headers.emplace_back("Accept-Encoding", settings_.accept_encoding);
    add_customer_key(request);
    finish(request, target, hash_of_nothing(), now);
    return request;
}

HttpRequest RequestBuilder::head(std::string_view key, WallTime now) {
    const Target target = object(key);
    HttpRequest request = begin(Method::Head, target);
    add_customer_key(request);
    finish(request, target, hash_of_nothing(), now);
    return request;
}

HttpRequest RequestBuilder::remove(std::string_view key, WallTime now) {
    const Target target = object(key);
    HttpRequest request = begin(Method::Delete, target);
    add_storage_class(request.headers, settings_.storage_class);
    finish(request, target, hash_of_nothing(), now);
    return request;
}

HttpRequest RequestBuilder::list(const ListRequest& list, ListPrefix prefix, WallTime now) {
    // In the order of their names, as the signature wants them.
    std::string query;
    if (!list.after.empty()) {
        query = "marker=" + codec::percent_encode(list.after, codec::Slash::Encode) + '&';
    }
    query += "max-keys=" + std::to_string(list.max_keys);
    if (prefix == ListPrefix::Send) {
        query += "&prefix=" + codec::percent_encode(list.prefix, codec::Slash::Encode);
    }
    const Target target = bucket(std::move(query));
    HttpRequest request = begin(Method::Get, target);
    finish(request, target, hash_of_nothing(), now);
    return request;
}

HttpRequest RequestBuilder::remove_many(const BulkDelete& bulk, WallTime now) {
    const Target target = bucket(std::string(kBulkDeleteQuery));
    HttpRequest request = begin(Method::Post, target);
    request.body = codec::bytes_of(bulk.document);
    request.headers.emplace_back("Content-MD5", codec::to_base64(bulk.md5.bytes));
    request.headers.emplace_back("Content-Type", "application/xml");
    finish(request, target, bulk.sha256, now);
    return request;
}

}  // namespace s3b::net
