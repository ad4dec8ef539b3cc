// SPDX-License-Identifier: Apache-2.0
// What the bytes of a request mean. Pure. Source: linux/fuse.h (protocol 7.38).
#pragma once

#include <linux/fuse.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace s3b::fusell {

struct ReadRequest {
    uint64_t node = 0;
    uint64_t handle = 0;
    uint64_t offset = 0;
    uint32_t size = 0;
};

struct WriteRequest {
    uint64_t node = 0;
    uint64_t offset = 0;
    std::span<const std::byte> data;
};

/// What becomes of an operation.
enum class Route {
    Read,       // decode_read
    Write,      // decode_write
    Library,    // libfuse decodes it and calls one of our verbs
    Interrupt,  // no reply; the request that it means just ends
    Silent,     // no reply
    Refuse,     // not offered: ENOSYS, after which the kernel stops asking
    NoLinks,    // EPERM, as file systems without hard links answer
};
Route route_of(uint32_t opcode);

/// The header if `message` has a whole one, whose length is that of the message.
std::optional<fuse_in_header> decode_header(std::span<const std::byte> message);
/// Whether `message` is as long as its operation wants it and ends its name with a zero byte, so
/// that libfuse may decode it. `message` has a valid header.
bool well_formed(std::span<const std::byte> message);
/// nullopt if `message` is too short.
std::optional<ReadRequest> decode_read(std::span<const std::byte> message);
/// nullopt if `message` is too short, also if it holds fewer bytes than it wants to write.
std::optional<WriteRequest> decode_write(std::span<const std::byte> message);

/// The name of `opcode` as in the protocol, without FUSE_; nullptr if it is not known.
const char* opcode_name(uint32_t opcode);

/// What to do of a READ or WRITE: so many bytes, or fail with an errno (if not 0).
struct Clip {
    uint32_t length = 0;
    int error = 0;
    friend bool operator==(const Clip&, const Clip&) = default;
};
/// Cuts a range at the end of a file of `file_size`; ESPIPE if it starts beyond.
/// Source: command-line.md 7.
Clip clip(uint64_t offset, uint32_t length, uint64_t file_size);

}  // namespace s3b::fusell
