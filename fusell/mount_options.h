// SPDX-License-Identifier: Apache-2.0
// The options of the mount: which are ours, which go to libfuse and the kernel. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "fusell/mount_settings.h"

namespace s3b::fusell {

struct MountOptions {
    /// The -o list for libfuse: our defaults, then what the user gave, commas escaped.
    std::string for_libfuse;

    // Of the high-level library of FUSE, or of FUSE 2; here they are ours.
    double entry_timeout = kOneYear;  // seconds, as the next two
    double negative_timeout = kOneYear;
    double attr_timeout = kOneYear;  // of the root and the volume's file: only we change them
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<mode_t> umask;
    std::optional<uint32_t> max_write;      // bytes
    std::optional<uint32_t> max_readahead;  // bytes
    uint32_t max_read = 0;                  // bytes; 0 = no limit. The kernel must hear it, too
    std::optional<uint32_t> max_background;
    std::optional<uint32_t> congestion_threshold;
    bool sync_read = false;
    bool async_direct_io = true;   // one direct request may have several parts under way
    bool parallel_writes = true;   // several writers at once, where opens are direct
    bool writeback_cache = false;  // the kernel may hold writes back
    bool direct_io = false;
    bool nonempty = false;

    static constexpr double kOneYear = 31536000;

    MountOptions() = default;
};

/// Sorts `settings.options`; each may be a list. Later ones win, also over our defaults.
/// Errors: InvalidArgument if a number cannot be read (logged with its name).
/// Source: command-line.md 2.10, 2.11.
Result<MountOptions> assemble(const MountSettings& settings);

/// `value` as it may stand in an -o list: backslashes before commas and backslashes.
std::string escape_option(std::string_view value);

}  // namespace s3b::fusell
