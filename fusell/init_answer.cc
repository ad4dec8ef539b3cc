// SPDX-License-Identifier: Apache-2.0
#include "fusell/init_answer.h"

#include <algorithm>
#include <cstring>

namespace s3b::fusell {

namespace {
constexpr uint32_t kPage = 4096;
}

std::optional<uint64_t> offered_flags(std::span<const std::byte> message) {
    fuse_init_in in;
    if (message.size() < sizeof(fuse_in_header) + sizeof in) return std::nullopt;
    std::memcpy(&in, message.data() + sizeof(fuse_in_header), sizeof in);
    const uint64_t high = (in.flags & FUSE_INIT_EXT) != 0 ? in.flags2 : 0;
    return high << 32 | in.flags;
}

std::optional<InitAnswer> amended(std::span<const std::byte> message, uint64_t more,
                                  uint32_t transfer) {
    InitAnswer answer;
    static_assert(sizeof answer == sizeof answer.header + sizeof answer.out);
    if (message.size() != sizeof answer) return std::nullopt;
    std::memcpy(&answer, message.data(), sizeof answer);
    fuse_init_out& out = answer.out;
    if (answer.header.error != 0) return std::nullopt;
    if (more >> 32 != 0) out.flags |= FUSE_INIT_EXT;
    out.flags |= static_cast<uint32_t>(more);
    out.flags2 |= static_cast<uint32_t>(more >> 32);
    if (transfer > out.max_write && (out.flags & FUSE_MAX_PAGES) != 0) {
        out.max_write = transfer;
        out.max_pages = static_cast<uint16_t>(std::min<uint32_t>(transfer / kPage, UINT16_MAX));
    }
    return answer;
}

}  // namespace s3b::fusell
