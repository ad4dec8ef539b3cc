// SPDX-License-Identifier: Apache-2.0
// Carries out S3 operations on the store and makes their answers. Signatures, delays and injected
// faults are settled before and after, not here.
#pragma once

#include "tests/s3_server/http_message.h"
#include "tests/s3_server/s3_operation.h"
#include "tests/s3_server/server_clock.h"
#include "tests/s3_server/store.h"

namespace s3b::test {

// What a PUT with "If-None-Match: *" meets.
enum class ConditionalPut {
    kHonoured,
    kIgnored,
    kNotImplemented,
};

// How one request is carried out, where not in the usual way.
struct Handling {
    bool is_admin = false;       // no customer's key is needed, all kept headers are shown
    bool stale = false;          // GET and HEAD see the version before the current one
    uint64_t bulk_errors = 0;    // so many keys of a bulk delete are reported as errors and stay
    bool list_for_ever = false;  // a list is the first page whatever the marker, and truncated
};

class S3Handlers {
public:
    S3Handlers(Store& store, ServerClock clock, ConditionalPut conditional_put)
        : store_(store), clock_(clock), conditional_put_(conditional_put) {}

    // The body of a PUT is moved out of the request.
    Answer handle(Request& request, const S3Target& target, const Handling& handling);

private:
    Answer handle_bucket(Request& request, const S3Target& target, const Handling& handling);
    Answer get_object(const Request& request, const S3Target& target,
                      const Handling& handling) const;
    std::optional<Answer> check_put(const Request& request, const S3Target& target) const;
    Answer put_object(Request& request, const S3Target& target);
    Answer list(const Request& request, const S3Target& target, bool for_ever) const;
    Answer bulk_delete(const Request& request, const S3Target& target, uint64_t errors);

    Store& store_;
    ServerClock clock_;
    ConditionalPut conditional_put_;
};

}  // namespace s3b::test
