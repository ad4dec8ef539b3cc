// SPDX-License-Identifier: Apache-2.0
// AWS signature version 2 for S3 as pure functions. Source: wire-format.md 4.1 (known answers in
// 13.5). Unlike s3backer, we sign the sub-resource of a bulk delete and send the session token, as
// S3 wants it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/types.h"
#include "net/credentials.h"
#include "net/http.h"

namespace s3b::net {

/// The parts of a request that its signature covers.
struct PartsOfV2 {
    Method method = Method::Get;
    std::span<const Header> headers;  // all of our own, in any order, among them Date
    std::string_view resource;        // /BUCKET/KEY as sent, and the sub-resource if there is one

    PartsOfV2() = default;
};

/// `Www, DD Mon YYYY HH:MM:SS GMT`, the value of Date. Independent of the locale.
std::string http_date(WallTime time);

std::string string_to_sign_v2(const PartsOfV2& parts);
/// The value of the Authorization header.
std::string authorization_v2(const PartsOfV2& parts, const AccessKeys& keys);

}  // namespace s3b::net
