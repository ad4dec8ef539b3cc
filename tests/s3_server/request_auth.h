// SPDX-License-Identifier: Apache-2.0
// The server's side of AWS signature version 4 (header form), written from the published rules. It
// is the oracle for the product's signer and must not share code with it.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/http_message.h"

namespace s3b::test {

struct AuthSettings {
    bool enabled = true;
    bool any_date = false;  // accept requests of any age
    std::string access_id;
    std::string secret;
    std::string region;  // empty: any
};

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

class RequestAuth {
public:
    explicit RequestAuth(AuthSettings settings) : settings_(std::move(settings)) {}

    // An error answer when the request is refused. `now` is the server's time.
    std::optional<Answer> check(const Request& request, std::time_t now);

private:
    std::optional<Answer> check_signature(const Request& request, const Authorization& parts,
                                          std::string_view amz_date);
    const Sha256Digest& signing_key(std::string_view date, std::string_view region);

    AuthSettings settings_;
    std::unordered_map<std::string, Sha256Digest> signing_keys_;  // by "DATE/REGION"
};

// Compares x-amz-content-sha256 and Content-MD5, where given, with the body.
std::optional<Answer> check_body_digests(const Request& request);

}  // namespace s3b::test
