// SPDX-License-Identifier: Apache-2.0
// A BlockCache of four blocks and two uploads, and the calls of the flows in one piece.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "cache/block_cache.h"

namespace s3b::cache {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Need = BlockCache::Need;
using Plan = WritePlan::Kind;

constexpr uint32_t kBlock = 64;

class BlockCacheTest : public ::testing::Test {
protected:
    BlockCacheTest() {
        settings_.geometry = Geometry{ByteCount(kBlock), BlockCount(1000)};
        settings_.size = 4;
        settings_.uploads = 2;
        settings_.write_delay = milliseconds(250);
    }
    BlockCache& cache() {
        if (!cache_) cache_.emplace(settings_);
        return *cache_;
    }
    static BlockNumber number(uint32_t n) { return BlockNumber(n); }
    static ByteRange all() { return {0, kBlock}; }
    Found::Kind look_up(uint32_t n, ByteRange range = all()) {
        return cache().look_up(number(n), range, now_).kind;
    }
    /// As Volume and Fetcher do; false if there is no room.
    bool fetch(uint32_t n) {
        if (!cache().begin_fetch(number(n), Need::Client, now_)) return false;
        cache().finish_fetch(number(n), now_);
        return true;
    }
    WritePlan write(uint32_t n, ByteRange range = all(), bool zeros = false) {
        const WritePlan plan = cache().begin_write(number(n), range, zeros, now_);
        if (plan.kind == Plan::Apply) cache().end_write(number(n));
        return plan;
    }
    void upload(uint32_t n) {
        cache().begin_put(number(n));
        cache().finish_put(number(n), now_);
    }
    /// All that waits for it.
    void delete_all() {
        cache().hurry_deletions(now_);
        while (const auto claim = cache().claim_deletions(now_, 0, 1)) {
            cache().finish_deletions(*claim);
            cache().release_deletions(*claim);
        }
    }
    BlockState state(uint32_t n) { return cache().state(number(n)); }

    CacheSettings settings_;
    std::optional<BlockCache> cache_;
    Instant now_{seconds(10)};
};

}  // namespace s3b::cache
