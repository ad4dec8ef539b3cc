// SPDX-License-Identifier: Apache-2.0
// Requests as the kernel writes them.
#pragma once

#include <linux/fuse.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace s3b::fusell {

using Message = std::vector<std::byte>;

inline void append_bytes(Message& message, const void* from, size_t size) {
    const auto* bytes = static_cast<const std::byte*>(from);
    message.insert(message.end(), bytes, bytes + size);
}

/// A header for `opcode` with the body appended; its length is set right.
inline Message message_of(uint32_t opcode, uint64_t node, std::span<const std::byte> body,
                          uint64_t unique = 42) {
    fuse_in_header header{};
    header.len = static_cast<uint32_t>(sizeof header + body.size());
    header.opcode = opcode;
    header.unique = unique;
    header.nodeid = node;
    Message message;
    append_bytes(message, &header, sizeof header);
    append_bytes(message, body.data(), body.size());
    return message;
}

template <class In>
Message message_with(uint32_t opcode, uint64_t node, const In& in, uint64_t unique = 42) {
    return message_of(opcode, node, std::as_bytes(std::span(&in, 1)), unique);
}

/// With a name and its zero byte.
inline Message message_with_name(uint32_t opcode, uint64_t node, const char* name) {
    return message_of(opcode, node, std::as_bytes(std::span(name, std::strlen(name) + 1)));
}

inline Message read_message(uint64_t node, uint64_t offset, uint32_t size, uint64_t unique = 42) {
    fuse_read_in in{};
    in.offset = offset;
    in.size = size;
    return message_with(FUSE_READ, node, in, unique);
}

inline Message write_message(uint64_t node, uint64_t offset, std::span<const std::byte> data) {
    fuse_write_in in{};
    in.offset = offset;
    in.size = static_cast<uint32_t>(data.size());
    Message body;
    append_bytes(body, &in, sizeof in);
    append_bytes(body, data.data(), data.size());
    return message_of(FUSE_WRITE, node, body);
}

inline Message init_message() {
    fuse_init_in in{};
    in.major = FUSE_KERNEL_VERSION;
    in.minor = FUSE_KERNEL_MINOR_VERSION;
    in.max_readahead = 131072;
    in.flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_ASYNC_DIO |
               FUSE_AUTO_INVAL_DATA | FUSE_ATOMIC_O_TRUNC | FUSE_WRITEBACK_CACHE | FUSE_INIT_EXT;
    return message_with(FUSE_INIT, 0, in);
}

}  // namespace s3b::fusell
