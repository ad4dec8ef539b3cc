// SPDX-License-Identifier: Apache-2.0
// AWS signature version 4 for S3 as pure functions, and the key that is derived once a day.
// Source: wire-format.md 4.2 (known answers in 13.4).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codec/hash.h"
#include "engine/base/types.h"
#include "net/http.h"

namespace s3b::net {

/// The parts of a request that its signature covers.
struct SignedParts {
    Method method = Method::Get;
    std::string_view host;            // as sent: without the default port of the scheme
    std::string_view path;            // not encoded, begins with '/'
    std::string_view query;           // as in the URL: encoded, sorted, without '?'; may be empty
    std::span<const Header> headers;  // all of our own, in any order; `host` is added
    std::string_view body_hash;       // SHA-256 of the body in hex

    SignedParts() = default;
};

/// `YYYYMMDDTHHMMSSZ` in UTC, the value of x-amz-date.
std::string amz_date(WallTime time);

/// The names of `headers` and host: lower case, sorted, joined by ';'.
std::string signed_header_names(std::span<const Header> headers);
std::string canonical_request(const SignedParts& parts);
/// `date` is the value of x-amz-date; its first 8 characters are the day of the scope.
std::string string_to_sign(std::string_view date, std::string_view region,
                           std::string_view canonical);

/// Signs with one access key for one region. Belongs to one thread, as it caches the day's key.
class Signer {
public:
    Signer(const std::string& access_id, const std::string& access_key, const std::string& region);
    /// Overwrites the key.
    ~Signer();
    Signer(const Signer&) = delete;
    Signer& operator=(const Signer&) = delete;

    /// The value of the Authorization header. `date` is the value of the x-amz-date header, which
    /// must be among the headers.
    std::string authorization(const SignedParts& parts, std::string_view date);

private:
    const codec::HmacSha256& key_of(std::string_view day);

    std::string access_id_;
    std::string access_key_;
    std::string region_;
    std::string day_;  // of key_
    std::optional<codec::HmacSha256> key_;
};

}  // namespace s3b::net
