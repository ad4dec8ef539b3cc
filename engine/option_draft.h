// SPDX-License-Identifier: Apache-2.0
// What the command line said, while it is being read and checked: a Config in the making, and what
// has no place in it because it must be checked or combined first.
#pragma once

#include <set>

#include "engine/option_values.h"
#include "engine/options.h"
#include "engine/password.h"

namespace s3b {

struct Draft {
    CommandLine::Action action = CommandLine::Action::Mount;
    Config config;
    std::optional<std::string> access_file;
    std::optional<std::string> access_id;  // empty: requests are not signed
    std::optional<std::string> access_key;
    std::optional<std::string> access_key_variable;  // the environment has the key
    std::optional<std::string> access_provider;
    std::optional<std::string> ec2_role;
    bool imds_v2 = false;
    std::string auth_version = "aws4";
    std::optional<std::string> base_url;
    std::optional<std::string> region;
    std::optional<bool> vhost;  // the last of vhost and no-vhost
    bool ssl = false;
    bool rrs = false;
    std::optional<std::string> storage_class;
    std::optional<std::string> sse;
    std::optional<std::string> customer_key_file;
    std::optional<std::string> cache_file;
    std::optional<std::string> size;
    std::optional<std::string> block_size;
    std::optional<std::string> ip_tos;
    std::optional<std::string> max_upload_speed;
    std::optional<std::string> max_download_speed;
    std::optional<std::string> total_upload_speed;
    std::optional<std::string> total_download_speed;
    std::optional<std::string> hedge_reads;
    std::optional<uint32_t> file_mode;
    std::optional<CompressChoice> compress;
    std::optional<int32_t> compress_level;
    bool encrypt = false;               // without a cipher's name
    std::optional<std::string> cipher;  // as given; with or without `encrypt`
    std::optional<uint32_t> key_length;
    std::optional<codec::LockedBytes> password;
    std::optional<std::string> password_file;
    std::optional<std::string> stats_mirror;
    std::optional<std::string> metrics;
    bool test_delays = false;
    bool test_errors = false;
    bool test_discard = false;
    bool erase = false;
    bool reset_mounted_flag = false;
    bool wait_unmounted = false;
    std::optional<int32_t> list_threads;
    std::optional<uint32_t> md5_cache_size;
    std::optional<Duration> md5_cache_time;
    std::optional<Duration> min_write_delay;
    bool eventual = false;             // consistency=eventual
    std::set<std::string_view> given;  // the options' names as in the table
    std::vector<std::string> positional;
    std::vector<std::string> messages;

    Draft() = default;
};

inline constexpr uint32_t kMaxCpuThreads = 64;

/// `name` as seen from `directory`.
inline std::string absolute_path(const std::string& name, const std::string& directory) {
    return name.starts_with('/') ? name : directory + "/" + name;
}

}  // namespace s3b
