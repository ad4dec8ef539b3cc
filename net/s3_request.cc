// SPDX-License-Identifier: Apache-2.0
#include "net/s3_request.h"

#include <algorithm>
#include <array>

#include "codec/text.h"

namespace s3b::net {

namespace {

constexpr std::string_view kSentAsTheyAre = "+=@:&";

std::string quoted(const Md5& md5) { return '"' + codec::to_hex(md5.bytes) + '"'; }

/// 8 digits, as all tokens have been written so far.
std::string token_text(uint32_t token) {
    std::array<std::byte, 4> bytes{};
    for (size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(token >> (24 - 8 * i) & 0xff);
    }
    return codec::to_hex(bytes);
}

const Sha256& hash_of_nothing() {
    static const Sha256 hash = codec::sha256({});
    return hash;
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

RequestBuilder::RequestBuilder(Settings settings) : settings_(std::move(settings)) {
    if (settings_.access_id.empty()) return;
    signer_.emplace(settings_.access_id, settings_.access_key, settings_.region);
}

std::string RequestBuilder::path_of(std::string_view key) const {
    return settings_.endpoint.root + std::string(key);
}

HttpRequest RequestBuilder::begin(Method method, std::string_view path) const {
    HttpRequest request;
    request.method = method;
    request.url = settings_.endpoint.origin + wire_path(path);
    request.timeout = settings_.timeout;
    return request;
}

void RequestBuilder::finish(HttpRequest& request, std::string_view path, const Sha256& body_hash,
                            WallTime now) {
    const std::string date = amz_date(now);
    request.headers.emplace_back("x-amz-date", date);
    if (!signer_) return;
    const std::string hash = codec::to_hex(body_hash.bytes);
    request.headers.emplace_back("x-amz-content-sha256", hash);
    SignedParts parts;
    parts.method = request.method;
    parts.host = settings_.endpoint.host;
    parts.path = path;
    parts.headers = request.headers;
    parts.body_hash = hash;
    std::string authorization = signer_->authorization(parts, date);
    request.headers.emplace_back("Authorization", std::move(authorization));
}

HttpRequest RequestBuilder::put(const PutRequest& put, WallTime now) {
    const std::string path = path_of(put.key);
    HttpRequest request = begin(Method::Put, path);
    request.body = put.body;
    request.headers.reserve(12);
    std::vector<Header>& headers = request.headers;
    const ObjectMeta& meta = put.meta;
    if (!meta.content_encoding.empty()) {
        headers.emplace_back("Content-Encoding", meta.content_encoding);
    }
    headers.emplace_back("Content-Type", std::string(put.content_type));
    headers.emplace_back("Content-MD5", codec::to_base64(put.md5.bytes));
    if (meta.mount_token) {
        headers.emplace_back("x-amz-meta-s3backer-mount-token", token_text(*meta.mount_token));
    }
    headers.emplace_back("x-amz-acl", settings_.access_type);
    if (meta.block_size) {
        headers.emplace_back("x-amz-meta-s3backer-blocksize",
                             std::to_string(meta.block_size->value));
    }
    if (meta.file_size) {
        headers.emplace_back("x-amz-meta-s3backer-filesize", std::to_string(meta.file_size->value));
    }
    finish(request, path, put.sha256, now);
    return request;
}

HttpRequest RequestBuilder::get(std::string_view key, std::span<std::byte> into,
                                const Precondition& precondition, WallTime now) {
    const std::string path = path_of(key);
    HttpRequest request = begin(Method::Get, path);
    request.into = into;
    request.headers.reserve(6);
    if (precondition.kind == Precondition::Kind::Match) {
        request.headers.emplace_back("If-Match", quoted(precondition.etag));
    } else if (precondition.kind == Precondition::Kind::NoneMatch) {
        request.headers.emplace_back("If-None-Match", quoted(precondition.etag));
    }
    request.headers.emplace_back("Accept-Encoding", "deflate");
    finish(request, path, hash_of_nothing(), now);
    return request;
}

HttpRequest RequestBuilder::head(std::string_view key, WallTime now) {
    const std::string path = path_of(key);
    HttpRequest request = begin(Method::Head, path);
    finish(request, path, hash_of_nothing(), now);
    return request;
}

HttpRequest RequestBuilder::remove(std::string_view key, WallTime now) {
    const std::string path = path_of(key);
    HttpRequest request = begin(Method::Delete, path);
    finish(request, path, hash_of_nothing(), now);
    return request;
}

}  // namespace s3b::net
