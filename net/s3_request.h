// SPDX-License-Identifier: Apache-2.0
// S3 requests as plain values: URL, headers, signature. Nothing is sent here.
// Source: wire-format.md 1.1, 1.2, 1.7, 2.1 to 2.4, 2.7, 4.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/types.h"
#include "net/http.h"
#include "net/object_store.h"
#include "net/sigv4.h"

namespace s3b::net {

/// Where a bucket is: a base URL taken apart.
struct Endpoint {
    bool tls = false;
    std::string origin;  // scheme://host[:port], as given
    std::string host;    // host[:port] as libcurl sends it: without the scheme's default port
    std::string root;    // path of the bucket, not encoded, begins and ends with '/'

    Endpoint() = default;
};

/// `base_url` begins with http:// or https:// and ends in '/'; with `vhost` its host already names
/// the bucket, else the bucket is added to the path. InvalidArgument if it has another form.
Result<Endpoint> parse_endpoint(std::string_view base_url, std::string_view bucket, bool vhost);

/// `path` as it is sent: percent-encoded, but for '/' and + = @ : & which s3backer sends as they
/// are (the signature covers them encoded).
std::string wire_path(std::string_view path);

/// Makes the requests for the objects of one bucket. Belongs to one thread (it caches a key).
class RequestBuilder {
public:
    struct Settings {
        Endpoint endpoint;
        std::string region;
        std::string access_id;  // empty: requests are not signed
        std::string access_key;
        std::string access_type;  // the value of x-amz-acl
        Duration timeout{};       // of each exchange; 0 = no limit
    };
    explicit RequestBuilder(Settings settings);

    /// All are signed as of `now`. The body of `request` must outlive the result.
    HttpRequest put(const PutRequest& request, WallTime now);
    HttpRequest get(std::string_view key, std::span<std::byte> into,
                    const Precondition& precondition, WallTime now);
    HttpRequest head(std::string_view key, WallTime now);
    HttpRequest remove(std::string_view key, WallTime now);

private:
    HttpRequest begin(Method method, std::string_view path) const;
    void finish(HttpRequest& request, std::string_view path, const Sha256& body_hash, WallTime now);
    std::string path_of(std::string_view key) const;

    Settings settings_;
    std::optional<Signer> signer_;
};

}  // namespace s3b::net
