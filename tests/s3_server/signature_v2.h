// SPDX-License-Identifier: Apache-2.0
// The texts that AWS signature version 2 (header form) is made of, from the published rules.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "tests/s3_server/http_message.h"

namespace s3b::test {

// The parts of an Authorization header "AWS ACCESSID:SIGNATURE".
struct AuthorizationV2 {
    std::string_view access_id;
    std::string_view signature;  // base64
};

bool is_version_2(std::string_view authorization);
std::optional<AuthorizationV2> parse_authorization_v2(std::string_view header);

// The time of x-amz-date or else Date; none when neither is there and well-formed.
std::optional<std::time_t> request_time_v2(const Request& request);

// `path` is the request's, as received or decoded. The bucket of a virtual host is put before it.
std::string string_to_sign_v2(const Request& request, std::string_view path);

}  // namespace s3b::test
