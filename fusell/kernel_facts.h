// SPDX-License-Identifier: Apache-2.0
// What the running kernel offers for FUSE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fusell/mount_settings.h"

namespace s3b::fusell {

struct KernelVersion {
    uint32_t major = 0;
    uint32_t minor = 0;
    uint32_t patch = 0;
    friend auto operator<=>(const KernelVersion&, const KernelVersion&) = default;
};
/// The numbers at the start of a release ("6.18.3-amd64"); those that are missing are 0.
KernelVersion parse_kernel_version(std::string_view release);

struct KernelFacts {
    KernelVersion version;
    /// The module parameter enable_uring; nullopt: this kernel has none.
    std::optional<bool> uring_enabled;
    uint32_t possible_cpus = 1;
    uint32_t max_transfer_pages = 256;  // of 4096 bytes, in one request (fs.fuse.max_pages_limit)
};
/// Of the running kernel. What cannot be read keeps its default.
KernelFacts read_kernel_facts();
/// The highest number in a list such as "0-3,8", plus one; nullopt if it is none.
std::optional<uint32_t> parse_cpu_count(std::string_view list);

/// Why requests do not come over the ring, as far as that is known before the kernel's INIT; empty
/// if they may. `wide`: entries of our ring have 128 bytes. Before 6.18.3 lists in the kernel can
/// be corrupted (CVE-2025-68805, CVE-2025-68791), so Auto leaves those alone.
std::string why_not_over_ring(FuseTransport wanted, const KernelFacts& facts, bool wide);

/// Bytes that one READ or WRITE moves at the most: `max_write` if it was given, else 1 MiB, within
/// what the kernel allows.
uint32_t transfer_size(std::optional<uint32_t> max_write, const KernelFacts& facts);

}  // namespace s3b::fusell
