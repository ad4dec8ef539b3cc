// SPDX-License-Identifier: Apache-2.0
// FUSE over io_uring as the kernel has it since 6.14 (protocol 7.42); the headers of Debian 12 are
// older. All numbers are native. Source: include/uapi/linux/fuse.h of Linux, from its description.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace s3b::fusell::uring {

/// Of the 64 flags of INIT: requests may come over the ring; in the answer: they shall.
inline constexpr uint64_t kInitFlag = uint64_t{1} << 41;

/// In front of each entry's payload.
struct Header {
    std::array<std::byte, 128> in_out;     // fuse_in_header; in the answer fuse_out_header
    std::array<std::byte, 128> operation;  // the struct of the operation, if it has one
    uint64_t flags;
    uint64_t commit_id;      // names the request in its answer
    uint32_t payload_bytes;  // of the request's other arguments; in the answer: of its data
    uint32_t padding;
    uint64_t reserved;
};
static_assert(offsetof(Header, operation) == 128 && offsetof(Header, commit_id) == 264);
static_assert(offsetof(Header, payload_bytes) == 272 && sizeof(Header) == 288);

/// The operations of a DriverCommand.
inline constexpr uint32_t kRegister = 1;        // pieces: the header and the payload
inline constexpr uint32_t kCommitAndFetch = 2;  // answers, and waits for the next request

/// The driver's part of a command.
struct Command {
    uint64_t flags;
    uint64_t commit_id;
    uint16_t queue;  // number of a CPU
    std::array<uint8_t, 6> padding;
};
static_assert(sizeof(Command) == 24 && offsetof(Command, queue) == 16);

}  // namespace s3b::fusell::uring
