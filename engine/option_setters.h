// SPDX-License-Identifier: Apache-2.0
// What the rows of the option table do with a value: they store it in the draft, or say what is
// wrong with it.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <type_traits>

#include "engine/option_draft.h"

namespace s3b::setters {

/// The setting that a pointer to a member stands for.
template <class Value, class Owner>
Value& setting(Draft& draft, Value Owner::* member) {
    if constexpr (std::is_same_v<Owner, Draft>) {
        return draft.*member;
    } else if constexpr (std::is_same_v<Owner, Config>) {
        return draft.config.*member;
    } else if constexpr (std::is_same_v<Owner, CacheConfig>) {
        return draft.config.cache.*member;
    } else if constexpr (std::is_same_v<Owner, net::S3Settings>) {
        return draft.config.s3.*member;
    } else {
        return draft.config.mount.*member;
    }
}

template <auto Member, bool NewValue = true>
Complaint flag(Draft& draft, std::string_view) {
    setting(draft, Member) = NewValue;
    return {};
}

template <auto Member>
Complaint text(Draft& draft, std::string_view value) {
    setting(draft, Member) = std::string(value);
    return {};
}

template <auto Member>
Complaint number(Draft& draft, std::string_view value) {
    return parse_number(value, setting(draft, Member));
}

template <auto Member, class Unit>
Complaint time(Draft& draft, std::string_view value) {
    uint32_t count = 0;
    Complaint wrong = parse_number(value, count);
    if (!wrong) setting(draft, Member) = Unit(count);
    return wrong;
}

inline Complaint file_mode(Draft& draft, std::string_view value) {
    uint32_t mode = 0;
    Complaint wrong = parse_octal(value, mode);
    if (!wrong) draft.file_mode = mode & 07777;
    return wrong;
}

template <class T>
struct Choice {
    std::string_view name;
    T value;
};
/// One of `choices` by its name; else a complaint that names them all.
template <class T>
Complaint choose(std::string_view name, T& into, std::initializer_list<Choice<T>> choices) {
    std::string names;
    for (const Choice<T>& choice : choices) {
        if (choice.name == name) {
            into = choice.value;
            return {};
        }
        const bool last = &choice + 1 == choices.end();
        if (!names.empty()) names += last ? " or " : ", ";
        names += choice.name;
    }
    return names + " is wanted";
}

inline Complaint eviction_policy(Draft& draft, std::string_view value) {
    using enum cache::EvictionPolicy;
    return choose(value, draft.config.cache.policy, {{"lru", Lru}, {"s3fifo", S3Fifo}});
}

inline Complaint fuse_transport(Draft& draft, std::string_view value) {
    using enum fusell::FuseTransport;
    return choose(value, draft.config.mount.transport,
                  {{"auto", Auto}, {"uring", Uring}, {"dev", Dev}});
}

inline Complaint list_threads(Draft& draft, std::string_view value) {
    int32_t threads = 0;
    Complaint wrong = parse_signed(value, threads);
    if (!wrong) draft.list_threads = threads;
    return wrong;
}

inline Complaint md5_cache_size(Draft& draft, std::string_view value) {
    uint32_t blocks = 0;
    Complaint wrong = parse_number(value, blocks);
    if (!wrong) draft.md5_cache_size = blocks;
    return wrong;
}

template <auto Member>
Complaint maybe_milliseconds(Draft& draft, std::string_view value) {
    uint32_t count = 0;
    Complaint wrong = parse_number(value, count);
    if (!wrong) draft.*Member = std::chrono::milliseconds(count);
    return wrong;
}

inline Complaint consistency(Draft& draft, std::string_view value) {
    if (value != "strong" && value != "eventual") return "strong or eventual is wanted";
    draft.eventual = value == "eventual";
    return {};
}

inline Complaint fsync_policy(Draft& draft, std::string_view value) {
    using enum FsyncPolicy;
    return choose(value, draft.config.fsync, {{"store", Store}, {"cache", Cache}, {"none", None}});
}

inline Complaint compress(Draft& draft, std::string_view value) {
    CompressChoice choice;
    Complaint wrong = parse_compress(value, choice);
    if (!wrong) draft.compress = choice;
    return wrong;
}

inline Complaint compress_level(Draft& draft, std::string_view value) {
    int32_t level = 0;
    Complaint wrong = parse_signed(value, level);
    if (!wrong) draft.compress_level = level;
    return wrong;
}

inline Complaint key_length(Draft& draft, std::string_view value) {
    uint32_t bytes = 0;
    Complaint wrong = parse_number(value, bytes);
    if (!wrong) draft.key_length = bytes;
    return wrong;
}

inline Complaint password(Draft& draft, std::string_view value) {
    if (value.size() > kMaxPasswordBytes) {
        return "it is longer than " + std::to_string(kMaxPasswordBytes) + " bytes";
    }
    draft.password.emplace(value);
    return {};
}

template <auto Member>
Complaint size(Draft& draft, std::string_view value) {
    return parse_size(value, setting(draft, Member));
}

inline Complaint read_ahead(Draft& draft, std::string_view value) {
    uint32_t blocks = 0;
    Complaint wrong = parse_number(value, blocks);
    if (!wrong) draft.config.cache.read_ahead = blocks;
    return wrong;
}

inline Complaint cpu_threads(Draft& draft, std::string_view value) {
    uint32_t threads = 0;
    Complaint wrong = parse_number(value, threads);
    if (!wrong && (threads < 1 || threads > kMaxCpuThreads)) {
        wrong = "1 to " + std::to_string(kMaxCpuThreads) + " is wanted";
    }
    if (!wrong) draft.config.cpu_threads = threads;
    return wrong;
}

}  // namespace s3b::setters
