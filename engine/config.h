// SPDX-License-Identifier: Apache-2.0
// All settings as plain values with their defaults and units. engine/options fills them from the
// command line and checks them; nothing else changes them but what start-up detects (geometry).
// Source: command-line.md 2.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cache/eviction_policy.h"
#include "codec/cipher.h"
#include "codec/compression.h"
#include "codec/locked_memory.h"
#include "engine/base/types.h"
#include "engine/listen_place.h"
#include "engine/written_blocks.h"
#include "fusell/mount_settings.h"
#include "net/credential_sources.h"
#include "net/s3_store.h"
#include "net/trial_store.h"

namespace s3b {

struct CacheConfig {
    uint32_t size = 1000;   // blocks; 0 = no cache
    uint32_t threads = 20;  // uploads under way at once, at the most
    Duration write_delay = std::chrono::milliseconds(250);
    Duration timeout{};      // clean blocks unused for so long are dropped; 0 = never
    uint32_t max_dirty = 0;  // blocks; 0 = no limit but the cache's size
    cache::EvictionPolicy policy = cache::EvictionPolicy::Lru;
    uint32_t protected_blocks = 0;       // those with a number below are evicted last
    bool sync = false;                   // a write ends when it is stored
    std::optional<uint32_t> read_ahead;  // blocks of each stream; none: it adapts
    uint32_t read_ahead_trigger = 2;     // reads in sequence that make a stream
    ByteCount read_ahead_max{64 << 20};  // of all streams, if it adapts
    std::string file;                    // absolute; empty: the blocks are in memory only
    ByteCount memory{256 << 20};         // with `file`: of the blocks that are in memory, too
    bool verify_file = true;             // compare its blocks with the store before their use
    bool recover_dirty_blocks = false;   // write back what an earlier mount left in it
    bool advise_file = false;            // keep it out of the page cache
};

/// What fsync does.
enum class FsyncPolicy {
    Store,  // it ends when all that was written before is stored
    Cache,  // ... or durable in the cache file
    None,   // nothing
};

/// How blocks become objects. Without effect with `test`.
struct CodecConfig {
    codec::Compression compression;
    std::optional<codec::Cipher> cipher;  // none: not encrypted
    size_t key_bytes = 0;                 // with `cipher`: its own to codec::kMaxKeyBytes
    std::shared_ptr<const codec::LockedBytes> password;  // with `cipher`, when mounting
};

struct Config {
    bool test = false;         // `directory` holds the blocks, there is no S3 (wire-format.md 9)
    std::string directory;     // absolute, with `test`
    net::TrialSettings trial;  // with `test`
    net::S3Settings s3;        // without `test`
    /// Where keys come from, if not from `s3`; see net::make_source().
    net::KeySourceSettings key_source;
    std::string prefix;              // of all object keys
    bool block_hash_prefix = false;  // those of blocks go on with a hash of the block's number
    CacheConfig cache;
    ConsistencySettings consistency;
    FsyncPolicy fsync = FsyncPolicy::Store;
    CodecConfig codec;
    uint32_t cpu_threads = 0;      // that compress, encrypt and make checksums; set by the options
    ByteCount total_upload_speed;  // bytes a second of all transfers together; 0 = no limit
    ByteCount total_download_speed;
    fusell::MountSettings mount;
    std::optional<ByteCount> size;        // as given; detected otherwise
    std::optional<ByteCount> block_size;  // as given; detected or kDefaultBlockSize otherwise
    bool shared_disk = false;             // other mounts write to the volume, too
    bool list_blocks = false;             // find out after the mount which blocks have no object
    uint32_t list_threads = 16;           // pages of names under way at once
    bool auto_detect = true;              // ask block 0 for the sizes; never with `test`
    bool force = false;                   // go on in spite of another geometry or a mount token
    std::string stats_mirror;             // absolute; a copy of the statistics; empty: none
    Duration stats_mirror_interval = std::chrono::seconds(1);
    std::optional<ListenPlace> metrics;                   // where they are served; none: nowhere
    Duration remount_timeout = std::chrono::seconds(60);  // for a former process of this host
    Duration shutdown_timeout{};  // of the writing back after the unmount; 0 = none
    bool quiet = false;
    bool debug = false;
    bool foreground = false;

    Config() = default;

    static constexpr ByteCount kDefaultBlockSize{4096};
};

}  // namespace s3b
