// SPDX-License-Identifier: Apache-2.0
// What the operator may choose about the mount. Source: command-line.md 2.7, 2.10, 2.11, 3.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/types.h"

namespace s3b::fusell {

/// How requests come from the kernel: over io_uring or through /dev/fuse. Auto: over io_uring where
/// the kernel does it, and does it well.
enum class FuseTransport : uint8_t { Auto, Uring, Dev };

struct MountSettings {
    std::string mount_point;               // absolute
    std::string filename = "file";         // of the volume
    std::string stats_filename = "stats";  // empty: no statistics file
    uint32_t file_mode = 0600;             // permission bits of the volume's file
    bool read_only = false;                // writes fail with EROFS
    bool direct_io = false;                // opens of the volume's file bypass the page cache
    std::string fsname;                    // what the kernel shows as the source of the mount
    std::vector<std::string> options;      // for libfuse, each as in an -o list; later ones win
    FuseTransport transport = FuseTransport::Auto;
    uint32_t threads = 0;     // that answer cached reads beside the reactor; only over io_uring
    ByteCount read_ahead;     // of the kernel, in its page cache; 0 = as the kernel decides
    bool fuse_debug = false;  // libfuse prints each request

    MountSettings() = default;
};

}  // namespace s3b::fusell
