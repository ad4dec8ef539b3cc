// SPDX-License-Identifier: Apache-2.0
// The server's side of AWS signature versions 4 and 2 (header form), written from the published
// rules. It is the oracle for the product's signer and must not share code with it.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/http_message.h"
#include "tests/s3_server/signature_v2.h"
#include "tests/s3_server/signature_v4.h"

namespace s3b::test {

struct AuthSettings {
    bool enabled = true;
    bool any_date = false;  // accept requests of any age
    std::string access_id;
    std::string secret;
    std::string session_token;  // empty: none is needed, any is accepted
    std::string region;         // empty: any
};

class RequestAuth {
public:
    explicit RequestAuth(AuthSettings settings) : settings_(std::move(settings)) {}

    // An error answer when the request is refused. `now` is the server's time.
    std::optional<Answer> check(const Request& request, std::time_t now);

    // From now on only these are accepted. Requests with those before are told that they are
    // unknown or, with `expired`, that they have expired.
    void rotate(std::string access_id, std::string secret, std::string session_token, bool expired);

private:
    struct Retired {
        std::string access_id;
        std::string session_token;
        bool expired;
    };

    std::optional<Answer> check_version_2(const Request& request, std::string_view header,
                                          std::time_t now) const;
    std::optional<Answer> check_version_4(const Request& request, std::string_view header,
                                          std::time_t now);
    std::optional<Answer> check_access_id(std::string_view access_id) const;
    std::optional<Answer> check_session_token(const Request& request) const;
    std::optional<Answer> check_time(std::time_t time, std::time_t now) const;
    std::optional<Answer> check_signature(const Request& request, const Authorization& parts,
                                          std::string_view amz_date);
    const Sha256Digest& signing_key(std::string_view date, std::string_view region);

    AuthSettings settings_;
    std::vector<Retired> retired_;                                // newest last
    std::unordered_map<std::string, Sha256Digest> signing_keys_;  // by "DATE/REGION"
};

enum class BodyDigests { kChecked, kTrusted };

// Compares x-amz-content-sha256 and Content-MD5, where given, with the body, unless they are to be
// trusted. Keeps the MD5 in the request.
std::optional<Answer> check_body_digests(Request& request,
                                         BodyDigests digests = BodyDigests::kChecked);

}  // namespace s3b::test
