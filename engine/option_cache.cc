// SPDX-License-Identifier: Apache-2.0
// The options about the cache file. Source: command-line.md 2.5; cache-and-consistency.md 3.
#include <algorithm>

#include "engine/option_checks.h"

namespace s3b {

namespace {

/// Besides those of the block cache: what knows better than the store.
constexpr std::string_view kOfOneMount[] = {"listBlocks",    "listBlocksThreads", "readAhead",
                                            "minWriteDelay", "md5CacheSize",      "md5CacheTime"};

/// What only makes sense with a cache file; nullptr: nothing of it is set.
const char* option_about_file(const Draft& draft) {
    const CacheConfig defaults;
    const CacheConfig& cache = draft.config.cache;
    if (cache.recover_dirty_blocks) return "blockCacheRecoverDirtyBlocks";
    if (draft.config.fsync == FsyncPolicy::Cache) return "fsyncPolicy=cache";
    if (!cache.verify_file) return "blockCacheNoVerify";
    if (cache.memory != defaults.memory) return "blockCacheMemory";
    return nullptr;
}

}  // namespace

Complaint settle_cache_file(Draft& draft, const Environment& environment) {
    CacheConfig& cache = draft.config.cache;
    const char* option = option_about_file(draft);
    if (draft.cache_file && draft.cache_file->empty()) {
        return std::string("`blockCacheFile' is empty; give the name of a file");
    }
    if (!draft.cache_file) {
        if (option == nullptr) return {};
        return "`" + std::string(option) + "' needs `blockCacheFile'";
    }
    if (cache.size == 0) {
        if (cache.recover_dirty_blocks || draft.config.fsync == FsyncPolicy::Cache) {
            return "`" + std::string(option) + "' cannot work with `blockCacheSize=0'";
        }
        draft.messages.emplace_back(
            "warning: `blockCacheFile' has no effect with "
            "`blockCacheSize=0'");
        return {};
    }
    cache.file = absolute_path(*draft.cache_file, environment.directory);
    // What fsync has promised must come back by itself.
    if (draft.config.fsync == FsyncPolicy::Cache) cache.recover_dirty_blocks = true;
    return {};
}

Complaint settle_shared_disk(Draft& draft, const Environment&) {
    Config& config = draft.config;
    if (!config.shared_disk) return {};
    for (const std::string_view name : draft.given) {
        if (name.starts_with("blockCache") ||
            std::ranges::find(kOfOneMount, name) != std::end(kOfOneMount)) {
            return "`sharedDiskMode' caches nothing, so `" + std::string(name) +
                   "' cannot be given with it";
        }
    }
    config.cache.size = 0;
    config.cache.read_ahead = 0;
    config.mount.direct_io = true;
    return {};
}

}  // namespace s3b
