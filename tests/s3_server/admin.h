// SPDX-License-Identifier: Apache-2.0
// The admin interface: looking at counters and objects, injecting faults. help.cc describes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <variant>

#include "tests/s3_server/credential_service.h"
#include "tests/s3_server/faults.h"
#include "tests/s3_server/request_auth.h"
#include "tests/s3_server/s3_handlers.h"
#include "tests/s3_server/statistics.h"
#include "tests/s3_server/store.h"

namespace s3b::test {

inline constexpr std::string_view kAdminPath = "/_admin/";

// The answer is due once the condition holds, or after the time.
struct AdminWait {
    WaitCondition condition;
    std::chrono::milliseconds timeout;
};

class Admin {
public:
    using Outcome = std::variant<Answer, AdminWait>;
    // Lets at most so many held requests go on; returns how many it were.
    using ReleaseHeld = std::function<uint64_t(uint64_t count)>;

    Admin(Store& store, S3Handlers& handlers, FaultRules& faults, Statistics& statistics,
          RequestAuth& auth, CredentialService& credentials, ReleaseHeld release_held)
        : store_(store),
          handlers_(handlers),
          faults_(faults),
          statistics_(statistics),
          auth_(auth),
          credentials_(credentials),
          release_held_(std::move(release_held)) {}

    Outcome handle(Request& request);
    Answer wait_answer(bool holds) const;

private:
    Answer stats(const Request& request) const;
    Answer add_faults(const Request& request);
    Answer release(const Request& request);
    Answer rotate_credentials(const Request& request);
    Outcome wait(const Request& request) const;
    Answer list_objects(const Request& request, std::string_view bucket) const;
    Answer object(Request& request, std::string_view path);

    Store& store_;
    S3Handlers& handlers_;
    FaultRules& faults_;
    Statistics& statistics_;
    RequestAuth& auth_;
    CredentialService& credentials_;
    ReleaseHeld release_held_;
};

}  // namespace s3b::test
