// SPDX-License-Identifier: Apache-2.0
// The command line of the test server and its help text, which also documents the admin interface.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/s3_server/credential_service.h"
#include "tests/s3_server/request_auth.h"
#include "tests/s3_server/s3_handlers.h"

namespace s3b::test {

// Objects there are from the start.
struct Fill {
    std::string bucket;
    uint64_t count = 0;
    uint64_t size = 0;  // bytes of each
    std::string prefix;
};

struct Options {
    uint16_t port = 0;  // 0: the system picks one
    std::string port_file;
    AuthSettings auth;
    std::vector<std::string> buckets;
    std::vector<Fill> fills;
    CredentialSettings credentials;  // those that they give are in auth
    ConditionalPut conditional_put = ConditionalPut::kHonoured;
    std::chrono::seconds clock_offset{};  // of the server's clock to the machine's
    BodyDigests body_digests = BodyDigests::kChecked;
    std::chrono::milliseconds latency{};
    std::chrono::milliseconds list_latency{};  // of lists, besides latency
    uint64_t bandwidth = 0;  // bytes a second, all requests together; 0 = no limit
    std::string tls_cert_file;
    std::string tls_key_file;
    std::string journal_file;
    bool help = false;
};

// The options, or what is wrong.
struct ParsedOptions {
    Options options;
    std::string error;
};

ParsedOptions parse_options(const std::vector<std::string_view>& arguments);
std::string_view help_text();

}  // namespace s3b::test
