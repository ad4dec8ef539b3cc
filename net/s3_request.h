// SPDX-License-Identifier: Apache-2.0
// S3 requests as plain values: URL, headers, signature. Nothing is sent here.
// Source: wire-format.md 1.1, 1.2, 1.7, 2.1 to 2.7, 4, 12.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/types.h"
#include "net/credentials.h"
#include "net/http.h"
#include "net/object_store.h"
#include "net/s3_documents.h"
#include "net/sigv4.h"

namespace s3b::net {

/// Where a bucket is: a base URL taken apart.
struct Endpoint {
    bool tls = false;
    std::string origin;  // scheme://host[:port], as given
    std::string host;    // host[:port] as libcurl sends it: without the scheme's default port
    std::string root;    // path of the bucket, not encoded, begins and ends with '/'
    std::string bucket;
    bool vhost = false;  // the host names the bucket

    Endpoint() = default;
};

/// `base_url` begins with http:// or https:// and ends in '/'; with `vhost` its host already names
/// the bucket, else the bucket is added to the path. InvalidArgument if it has another form.
Result<Endpoint> parse_endpoint(std::string_view base_url, std::string_view bucket, bool vhost);

/// `path` as it is sent: percent-encoded, but for '/' and + = @ : & which s3backer sends as they
/// are (the signature covers them encoded).
std::string wire_path(std::string_view path);

/// Whether a list says which keys it wants, also if it wants all; else all that lie behind its
/// marker are meant.
enum class ListPrefix { Send, Omit };

/// Makes the requests for the objects of one bucket. Belongs to one thread (it caches a key).
class RequestBuilder {
public:
    struct Settings {
        Endpoint endpoint;
        std::string region;
        AccessKeys keys;
        bool aws2 = false;             // signature version 2 instead of 4
        std::string access_type;       // the value of x-amz-acl
        std::string storage_class;     // empty: not sent
        std::string sse;               // x-amz-server-side-encryption; empty: not sent
        std::string sse_key_id;        // sent with the sse aws:kms only
        std::string sse_customer_key;  // 32 bytes; empty: no encryption with a customer's key
        std::string accept_encoding = "deflate";  // what a reader of objects can decode
        Duration timeout{};                       // of each exchange; 0 = no limit

        Settings() = default;
    };
    explicit RequestBuilder(const Settings& settings);
    /// Overwrites all secrets.
    ~RequestBuilder();
    RequestBuilder(const RequestBuilder&) = delete;
    RequestBuilder& operator=(const RequestBuilder&) = delete;

    /// Later requests are signed with `keys`; the old ones are overwritten.
    void set_keys(const AccessKeys& keys);

    // All are signed as of `now`. Where an answer's document goes is left to the caller.

    /// The body of `request` must outlive the result.
    HttpRequest put(const PutRequest& request, WallTime now);
    HttpRequest get(std::string_view key, const ReadTarget& into, const Precondition& precondition,
                    WallTime now);
    HttpRequest head(std::string_view key, WallTime now);
    HttpRequest remove(std::string_view key, WallTime now);
    /// List version 1.
    HttpRequest list(const ListRequest& request, ListPrefix prefix, WallTime now);
    /// `bulk` must outlive the result.
    HttpRequest remove_many(const BulkDelete& bulk, WallTime now);

private:
    /// What a request is about.
    struct Target {
        std::string path;   // not encoded
        std::string query;  // encoded, sorted, without '?'
    };

    Target object(std::string_view key) const;
    Target bucket(std::string query) const;
    HttpRequest begin(Method method, const Target& target) const;
    void add_customer_key(HttpRequest& request) const;
    void finish(HttpRequest& request, const Target& target, const Sha256& body_hash, WallTime now);
    void finish_v2(HttpRequest& request, const Target& target, WallTime now) const;
    std::string resource_of(const Target& target) const;

    Settings settings_;
    std::string customer_key_text_;  // in base64; empty: none
    std::string customer_key_md5_;   // in base64
    std::optional<Signer> signer_;   // with signature version 4 and keys
};

}  // namespace s3b::net
