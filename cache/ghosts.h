// SPDX-License-Identifier: Apache-2.0
// The ghost queue of S3-FIFO: the numbers of blocks that were evicted lately. 4 bytes a ghost.
#pragma once

#include <cstdint>

#include "cache/lazy_array.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// A set of at most `capacity` block numbers that forgets old ones. It is a hash table of buckets
/// of one cache line; each is a queue of its own. A number so stays until about `capacity` others
/// came; by how many less or more depends on its bucket. Belongs to the reactor.
class Ghosts {
public:
    explicit Ghosts(uint32_t capacity);

    /// `block` must not be in the set.
    void insert(BlockNumber block);
    /// Takes `block` out; whether it was in the set.
    bool remove(BlockNumber block);
    size_t memory_bytes() const { return keys_.memory_bytes(); }

private:
    static constexpr uint32_t kBucket = 16;
    /// 0 is an empty place. The very last block number is never a ghost.
    static uint32_t key_of(BlockNumber block) { return block.value + 1; }
    uint32_t* bucket_of(uint32_t key);

    uint32_t depth_;    // keys in a bucket, youngest first
    uint32_t buckets_;  // 0: no ghosts at all
    LazyArray<uint32_t> keys_;
};

}  // namespace s3b::cache
