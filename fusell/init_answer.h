// SPDX-License-Identifier: Apache-2.0
// What libfuse 3.14 cannot say in its answer to INIT. Pure.
#pragma once

#include <linux/fuse.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace s3b::fusell {

struct InitAnswer {
    fuse_out_header header;
    fuse_init_out out;
};

/// Of an INIT request: the 64 flags that the kernel offers; nullopt if it is too short to have
/// them.
std::optional<uint64_t> offered_flags(std::span<const std::byte> message);

/// `message` (a fuse_out_header and what follows) with `more` flags and requests of up to
/// `transfer` bytes, a multiple of 4096, instead of the 1 MiB at most that libfuse allows; nullopt
/// if it is no whole successful answer, which is sent as it is then.
std::optional<InitAnswer> amended(std::span<const std::byte> message, uint64_t more,
                                  uint32_t transfer);

}  // namespace s3b::fusell
