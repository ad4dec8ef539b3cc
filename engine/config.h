// SPDX-License-Identifier: Apache-2.0
// All settings as plain values with their defaults and units. engine/options fills them from the
// command line and checks them; nothing else changes them. Source: command-line.md 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/types.h"

namespace s3b {

struct StoreConfig {
    bool test = false;   // `bucket` is a directory (wire-format.md 9)
    std::string bucket;  // bucket name, or absolute directory in test mode
    std::string prefix;
    std::string base_url;  // ends in '/'; the bucket's name is in its host with `vhost`
    bool vhost = false;
    std::string region = "us-east-1";
    std::string access_id;  // empty: requests are not signed
    std::string access_key;
    std::string access_type = "private";
    std::string ca_file;  // empty: the system's
    bool insecure = false;
    Duration timeout = std::chrono::seconds(30);  // one attempt; 0 = no limit
    Duration initial_retry_pause = std::chrono::milliseconds(200);
    Duration max_retry_pause = std::chrono::seconds(30);  // sum of the pauses
};

struct CacheConfig {
    uint32_t size = 1000;   // blocks; 0 = no cache
    uint32_t threads = 20;  // uploads and read-aheads under way at once, at the most
    Duration write_delay = std::chrono::milliseconds(250);
    Duration timeout{};       // clean blocks unused for so long are dropped; 0 = never
    uint32_t max_dirty = 0;   // blocks; 0 = no limit but the cache's size
    bool sync = false;        // a write ends when it is stored
    uint32_t read_ahead = 4;  // blocks
    uint32_t read_ahead_trigger = 2;
};

struct MountConfig {
    std::string mount_point;  // absolute
    std::string filename = "file";
    std::string stats_filename = "stats";  // empty: no statistics file
    uint32_t file_mode = 0600;
    bool read_only = false;
    bool direct_io = false;
    std::string fsname;                      // what the kernel shows as the source
    std::vector<std::string> mount_options;  // for the FUSE library, each as in an -o list
    bool fuse_debug = false;
};

struct Config {
    StoreConfig store;
    CacheConfig cache;
    MountConfig mount;
    std::optional<ByteCount> size;        // as given; detected otherwise
    std::optional<ByteCount> block_size;  // as given; detected or kDefaultBlockSize otherwise
    bool force = false;
    bool quiet = false;
    bool debug = false;
    bool foreground = false;

    static constexpr ByteCount kDefaultBlockSize{4096};
};

}  // namespace s3b
