// SPDX-License-Identifier: Apache-2.0
// Carries out S3 operations on the store and makes their answers. Signatures, delays and injected
// faults are settled before and after, not here.
#pragma once

#include "tests/s3_server/http_message.h"
#include "tests/s3_server/s3_operation.h"
#include "tests/s3_server/store.h"

namespace s3b::test {

class S3Handlers {
public:
    explicit S3Handlers(Store& store) : store_(store) {}

    // `stale`: GET and HEAD see the version before the current one. The body of a PUT is moved
    // out of the request.
    Answer handle(Request& request, const S3Target& target, bool stale);

private:
    Answer handle_bucket(Request& request, const S3Target& target);
    Answer get_object(const Request& request, const S3Target& target, bool stale) const;
    Answer put_object(Request& request, const S3Target& target);
    Answer list(const Request& request, const S3Target& target) const;
    Answer bulk_delete(const Request& request, const S3Target& target);

    Store& store_;
};

}  // namespace s3b::test
