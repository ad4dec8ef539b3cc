// SPDX-License-Identifier: Apache-2.0
// Responses from memory, and the two generated ones that faults ask for.
#include "tests/s3_server/mhd_response.h"

#include <algorithm>
#include <cstring>

namespace s3b::test {

namespace {

using SharedBody = std::shared_ptr<const std::string>;

constexpr size_t kGeneratedBlock = 65536;

void free_body(void* context) { delete static_cast<SharedBody*>(context); }

ssize_t read_first_half(void* context, uint64_t position, char* out, size_t room) {
    const std::string& body = **static_cast<SharedBody*>(context);
    const uint64_t half = body.size() / 2;
    if (position >= half) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    const size_t size = std::min<size_t>(room, half - position);
    std::memcpy(out, body.data() + position, size);
    return static_cast<ssize_t>(size);
}

ssize_t read_filler(void*, uint64_t, char* out, size_t room) {
    std::memset(out, 'x', room);
    return static_cast<ssize_t>(room);
}

MHD_Response* make_bare_response(const Answer& answer) {
    if (answer.shape == BodyShape::kHuge) {
        return MHD_create_response_from_callback(kHugeBodySize, kGeneratedBlock, read_filler,
                                                 nullptr, nullptr);
    }
    if (!answer.body) {
        return MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT);
    }
    auto* shared = new SharedBody(answer.body);
    if (answer.shape == BodyShape::kFirstHalf) {
        return MHD_create_response_from_callback(answer.body->size(), kGeneratedBlock,
                                                 read_first_half, shared, free_body);
    }
    // The library takes a pointer to non-const and does not write.
    return MHD_create_response_from_buffer_with_free_callback_cls(
        answer.body->size(), const_cast<char*>(answer.body->data()), free_body, shared);
}

}  // namespace

ResponsePtr make_response(const Answer& answer) {
    ResponsePtr response(make_bare_response(answer));
    for (const auto& [name, value] : answer.headers) {
        MHD_add_response_header(response.get(), name.c_str(), value.c_str());
    }
    return response;
}

}  // namespace s3b::test
