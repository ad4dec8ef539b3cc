// SPDX-License-Identifier: Apache-2.0
#include "fusell/mount_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "engine/base/log.h"

namespace s3b::fusell {

namespace {

/// FUSE 2 names, and those of libfuse's own loop and path layer, that mean nothing here.
constexpr auto kIgnored = std::to_array<std::string_view>({
    "ac_attr_timeout",
    "async_read",
    "atomic_o_trunc",
    "auto_cache",
    "big_writes",
    "clone_fd",
    "hard_remove",
    "intr",
    "intr_signal",
    "kernel_cache",
    "large_read",
    "max_idle_threads",
    "max_threads",
    "modules",
    "no_remote_flock",
    "no_remote_lock",
    "no_remote_posix_lock",
    "no_rofd_flush",
    "no_splice_move",
    "no_splice_read",
    "no_splice_write",
    "noauto_cache",
    "noforget",
    "nopath",
    "parallel_direct_write",
    "readdir_ino",
    "remember",
    "splice_move",
    "splice_read",
    "splice_write",
    "use_ino",
});

/// Splits a list at the commas that have no backslash before them.
std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> parts;
    size_t start = 0;
    for (size_t i = 0; i <= list.size(); ++i) {
        if (i < list.size() && list[i] == '\\') {
            ++i;
        } else if (i == list.size() || list[i] == ',') {
            if (i > start) parts.push_back(list.substr(start, i - start));
            start = i + 1;
        }
    }
    if (start < list.size()) parts.push_back(list.substr(start));
    return parts;
}

struct Option {
    std::string_view name;
    std::string_view value;  // after the =
};

Option parse(std::string_view text) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) return {text, {}};
    return {text.substr(0, equals), text.substr(equals + 1)};
}

template <class T>
bool read_number(std::string_view text, T& into) {
    const char* start = text.data();
    const char* end = start + text.size();
    const auto [stop, failure] = std::from_chars(start, end, into);
    return failure == std::errc{} && stop == end && !text.empty();
}

template <class T>
bool read_number(std::string_view text, std::optional<T>& into) {
    return read_number(text, into.emplace());
}

bool read_seconds(std::string_view text, double& into) {
    return read_number(text, into) && into >= 0;  // false for a NaN, too
}

bool read_octal(std::string_view text, std::optional<mode_t>& into) {
    const char* start = text.data();
    const char* end = start + text.size();
    const auto [stop, failure] = std::from_chars(start, end, into.emplace(), 8);
    return failure == std::errc{} && stop == end && *into <= 07777;
}

enum class Taken { Yes, No, Malformed };

Taken taken(bool well_formed) { return well_formed ? Taken::Yes : Taken::Malformed; }

Taken take_flag(std::string_view name, MountOptions& options) {
    if (name == "nonempty") return options.nonempty = true, Taken::Yes;
    if (name == "direct_io") return options.direct_io = true, Taken::Yes;
    if (name == "sync_read") return options.sync_read = true, Taken::Yes;
    if (name == "async_read") return options.sync_read = false, Taken::Yes;
    if (name == "async_dio") return options.async_direct_io = true, Taken::Yes;
    if (name == "no_async_dio") return options.async_direct_io = false, Taken::Yes;
    if (name == "parallel_direct_writes") return options.parallel_writes = true, Taken::Yes;
    if (name == "no_parallel_direct_writes") return options.parallel_writes = false, Taken::Yes;
    if (name == "writeback_cache") return options.writeback_cache = true, Taken::Yes;
    if (name == "no_writeback_cache") return options.writeback_cache = false, Taken::Yes;
    return std::ranges::find(kIgnored, name) != kIgnored.end() ? Taken::Yes : Taken::No;
}

/// Notes `option` in `options` if it is ours.
Taken take(const Option& option, MountOptions& options) {
    const auto [name, value] = option;
    if (name == "entry_timeout") return taken(read_seconds(value, options.entry_timeout));
    if (name == "negative_timeout") return taken(read_seconds(value, options.negative_timeout));
    if (name == "attr_timeout") return taken(read_seconds(value, options.attr_timeout));
    if (name == "uid") return taken(read_number(value, options.uid));
    if (name == "gid") return taken(read_number(value, options.gid));
    if (name == "umask") return taken(read_octal(value, options.umask));
    if (name == "max_write") return taken(read_number(value, options.max_write));
    if (name == "max_readahead") return taken(read_number(value, options.max_readahead));
    if (name == "max_background") return taken(read_number(value, options.max_background));
    if (name == "congestion_threshold") {
        return taken(read_number(value, options.congestion_threshold));
    }
    return take_flag(name, options);
}

void append(std::string& list, std::string_view option) {
    if (!list.empty()) list += ',';
    list += option;
}

std::string defaults(const MountSettings& settings) {
    std::string list = "allow_other,default_permissions,nodev,nosuid,subtype=s3backer";
    if (!settings.fsname.empty()) append(list, "fsname=" + escape_option(settings.fsname));
    if (settings.fuse_debug) append(list, "debug");
    return list;
}

}  // namespace

std::string escape_option(std::string_view value) {
    std::string escaped;
    for (const char c : value) {
        if (c == ',' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

Result<MountOptions> assemble(const MountSettings& settings) {
    MountOptions options;
    options.for_libfuse = defaults(settings);
    for (const std::string& list : settings.options) {
        for (const std::string_view text : split(list)) {
            const Option option = parse(text);
            Taken result = take(option, options);
            // The kernel limits reads by the mount option, libfuse wants to hear the same number.
            if (option.name == "max_read" && !read_number(option.value, options.max_read)) {
                result = Taken::Malformed;
            }
            if (result == Taken::Malformed) {
                log::error("a mount option has no valid number", log::kv("option", text));
                return Error(Errc::InvalidArgument, "a mount option has no valid number");
            }
            if (result == Taken::No) append(options.for_libfuse, text);
        }
    }
    options.direct_io |= settings.direct_io;
    return options;
}

}  // namespace s3b::fusell
