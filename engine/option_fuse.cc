// SPDX-License-Identifier: Apache-2.0
#include "engine/option_fuse.h"

#include <charconv>

#include "engine/option_words.h"

namespace s3b {

namespace {

using enum FuseRow::Fate;
using enum FuseRow::Value;

constexpr FuseRow kRows[] = {
    {"allow_other", None, PassOn, ""},
    {"allow_root", None, PassOn, ""},
    {"default_permissions", None, PassOn, ""},
    {"auto_unmount", None, PassOn, ""},
    {"blkdev", None, PassOn, ""},
    {"nonempty", None, PassOn, ""},
    {"ro", None, PassOn, ""},
    {"rw", None, PassOn, ""},
    {"dev", None, PassOn, ""},
    {"nodev", None, PassOn, ""},
    {"suid", None, PassOn, ""},
    {"nosuid", None, PassOn, ""},
    {"exec", None, PassOn, ""},
    {"noexec", None, PassOn, ""},
    {"atime", None, PassOn, ""},
    {"noatime", None, PassOn, ""},
    {"async", None, PassOn, ""},
    {"sync", None, PassOn, ""},
    {"dirsync", None, PassOn, ""},
    {"sync_read", None, PassOn, ""},
    {"async_read", None, PassOn, ""},
    {"async_dio", None, PassOn, ""},
    {"no_async_dio", None, PassOn, ""},
    {"parallel_direct_writes", None, PassOn, ""},
    {"no_parallel_direct_writes", None, PassOn, ""},
    {"writeback_cache", None, PassOn, ""},
    {"no_writeback_cache", None, PassOn, ""},
    {"subtype", Text, PassOn, ""},
    {"user", Text, PassOn, ""},
    {"context", Text, PassOn, ""},
    {"fscontext", Text, PassOn, ""},
    {"defcontext", Text, PassOn, ""},
    {"rootcontext", Text, PassOn, ""},
    {"uid", Number, PassOn, ""},
    {"gid", Number, PassOn, ""},
    {"max_read", Number, PassOn, ""},
    {"max_write", Number, PassOn, ""},
    {"max_readahead", Number, PassOn, ""},
    {"max_background", Number, PassOn, ""},
    {"congestion_threshold", Number, PassOn, ""},
    {"umask", Octal, PassOn, ""},
    {"entry_timeout", Seconds, PassOn, ""},
    {"negative_timeout", Seconds, PassOn, ""},
    {"attr_timeout", Seconds, PassOn, ""},

    {"fsname", Text, SourceName, ""},
    {"direct_io", None, DirectIo, ""},

    {"kernel_cache", None, Implied, ""},
    {"noauto_cache", None, Implied, ""},
    {"noforget", None, Implied, ""},
    {"remember", Text, Implied, ""},
    {"big_writes", None, Implied, ""},
    {"use_ino", None, Implied, ""},
    {"readdir_ino", None, Implied, ""},
    {"hard_remove", None, Implied, ""},
    {"nopath", None, Implied, ""},
    {"intr", None, Implied, ""},
    {"intr_signal", Text, Implied, ""},
    {"large_read", None, Implied, ""},
    {"atomic_o_trunc", None, Implied, ""},
    {"no_remote_lock", None, Implied, ""},
    {"no_remote_flock", None, Implied, ""},
    {"no_remote_posix_lock", None, Implied, ""},
    {"splice_read", None, Implied, ""},
    {"splice_write", None, Implied, ""},
    {"splice_move", None, Implied, ""},
    {"no_splice_read", None, Implied, ""},
    {"no_splice_write", None, Implied, ""},
    {"no_splice_move", None, Implied, ""},
    {"clone_fd", None, Implied, ""},
    {"max_idle_threads", Text, Implied, ""},
    {"max_threads", Text, Implied, ""},
    {"no_rofd_flush", None, Implied, ""},

    {"fmask", Text, NoEffect, "use fileMode or umask"},
    {"dmask", Text, NoEffect, "use umask"},
    {"auto_cache", None, NoEffect, "the kernel keeps its pages, for the file changes here only"},
    {"ac_attr_timeout", Text, NoEffect, "attr_timeout says how long attributes are cached"},
    {"parallel_direct_write", Text, NoEffect, "the kernel decides it"},
    {"io_uring", None, NoEffect, "fuseTransport says how requests come"},

    {"modules", Text, Refused, "there are no file system modules"},
};

const FuseRow* find_row(std::string_view name, bool has_value) {
    for (const FuseRow& row : kRows) {
        if (row.name == name && (row.value != None) == has_value) return &row;
    }
    return nullptr;
}

/// As strict as those who read the value later.
Complaint check_value(FuseRow::Value kind, std::string_view value) {
    const bool begins_with_digit = !value.empty() && value.front() >= '0' && value.front() <= '9';
    if (kind == Text) return {};
    if (!begins_with_digit) return std::string("a number is wanted");
    uint32_t number = 0;
    if (kind == Number) return parse_number(value, number);
    if (kind == Octal) {
        if (Complaint wrong = parse_octal(value, number)) return wrong;
        return number > 07777 ? Complaint("at most 7777 is allowed") : Complaint();
    }
    double seconds = 0;
    const char* const begin = &value.front();
    const char* const end = begin + value.size();
    const auto [stop, failure] = std::from_chars(begin, end, seconds);
    if (failure != std::errc{} || stop != end) return std::string("a number of seconds is wanted");
    return {};
}

}  // namespace

std::span<const FuseRow> fuse_table() { return kRows; }

bool apply_fuse_option(std::string_view item, Draft& draft, Complaint& problem) {
    const size_t equals = item.find('=');
    const bool has_value = equals != std::string_view::npos;
    const FuseRow* const row = find_row(item.substr(0, equals), has_value);
    if (row == nullptr) return false;
    const auto about = [&](std::string_view what) {
        return "option `" + std::string(item) + "' " + std::string(what) + ": " +
               std::string(row->why);
    };
    if (has_value) problem = check_value(row->value, item.substr(equals + 1));
    if (problem) {
        problem = "invalid option `" + std::string(item) + "': " + *problem;
        return true;
    }
    switch (row->fate) {
        case PassOn: draft.config.mount.options.push_back(quote(item)); break;
        case Implied: break;
        case NoEffect: draft.messages.push_back("warning: " + about("has no effect")); break;
        case Refused: problem = about("is not offered"); break;
        case DirectIo: draft.config.mount.direct_io = true; break;
        case SourceName: draft.config.mount.fsname = item.substr(equals + 1); break;
    }
    return true;
}

}  // namespace s3b
