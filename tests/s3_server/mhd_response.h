// SPDX-License-Identifier: Apache-2.0
// Turns an answer into a response of the HTTP library, bodies shared and not copied.
#pragma once

#include <microhttpd.h>

#include <memory>

#include "tests/s3_server/http_message.h"

namespace s3b::test {

struct DestroyResponse {
    void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};

using ResponsePtr = std::unique_ptr<MHD_Response, DestroyResponse>;

ResponsePtr make_response(const Answer& answer);

}  // namespace s3b::test
