// SPDX-License-Identifier: Apache-2.0
// The texts that AWS signature version 4 (header form) is made of, from the published rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/s3_server/http_message.h"

namespace s3b::test {

// The parts of an Authorization header.
struct Authorization {
    std::string_view access_id;
    std::string_view date;  // YYYYMMDD
    std::string_view region;
    std::string_view scope;  // DATE/REGION/s3/aws4_request
    std::vector<std::string_view> signed_headers;
    std::string_view signature;
};

std::optional<Authorization> parse_authorization(std::string_view header);
std::string canonical_request(const Request& request,
                              const std::vector<std::string_view>& signed_headers);
std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                           std::string_view canonical);

}  // namespace s3b::test
