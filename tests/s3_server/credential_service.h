// SPDX-License-Identifier: Apache-2.0
// The endpoints that give credentials to programs: EC2 instance metadata (versions 1 and 2), the
// container endpoint of ECS, and AssumeRoleWithWebIdentity of STS. Their requests are not signed.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/s3_server/http_message.h"
#include "tests/s3_server/s3_operation.h"
#include "tests/s3_server/server_clock.h"

namespace s3b::test {

inline constexpr uint64_t kMaxLifetime = 1000000000;  // seconds

struct SessionCredentials {
    std::string access_id;
    std::string secret;
    std::string session_token;
    uint64_t lifetime_seconds = 6 * 3600;
};

struct CredentialSettings {
    bool enabled = false;
    bool imds_v2_only = false;
    uint64_t lifetime_seconds = SessionCredentials().lifetime_seconds;
    std::string role;                     // of the instance; empty: any
    std::string container_authorization;  // empty: none is needed
    std::string web_identity_token;       // empty: any is right
};

class CredentialService {
public:
    CredentialService(CredentialSettings settings, SessionCredentials credentials,
                      ServerClock clock)
        : settings_(std::move(settings)), credentials_(std::move(credentials)), clock_(clock) {}

    // Whether the request is for one of the endpoints. False for all when they are not enabled.
    bool serves(const Request& request, const S3Target& target) const;
    Answer handle(const Request& request);

    const SessionCredentials& credentials() const { return credentials_; }
    void set_credentials(SessionCredentials credentials) { credentials_ = std::move(credentials); }

private:
    Answer imds_token(const Request& request);
    Answer imds_role(std::string_view role) const;
    Answer container(const Request& request) const;
    Answer web_identity(const Request& request) const;
    bool may_read_metadata(const Request& request) const;
    std::string expiration() const;

    CredentialSettings settings_;
    SessionCredentials credentials_;
    ServerClock clock_;
    std::unordered_map<std::string, std::time_t> imds_tokens_;  // until when each is good
    uint64_t last_imds_token_ = 0;
};

}  // namespace s3b::test
