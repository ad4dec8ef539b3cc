// SPDX-License-Identifier: Apache-2.0
#include "cache/ghosts.h"

#include <algorithm>

namespace s3b::cache {

Ghosts::Ghosts(uint32_t capacity)
    : depth_(std::min(capacity, kBucket)),
      buckets_(depth_ == 0 ? 0 : capacity / depth_),
      keys_(size_t{buckets_} * depth_) {}

uint32_t* Ghosts::bucket_of(uint32_t key) {
    const uint32_t mixed = static_cast<uint32_t>((key * 0x9E37'79B9'7F4A'7C15ULL) >> 32);
    return &keys_[size_t{static_cast<uint32_t>((uint64_t{mixed} * buckets_) >> 32)} * depth_];
}

void Ghosts::insert(BlockNumber block) {
    const uint32_t key = key_of(block);
    if (key == 0 || buckets_ == 0) return;
    uint32_t* const bucket = bucket_of(key);
    std::copy_backward(bucket, bucket + depth_ - 1, bucket + depth_);
    *bucket = key;
}

bool Ghosts::remove(BlockNumber block) {
    const uint32_t key = key_of(block);
    if (key == 0 || buckets_ == 0) return false;
    uint32_t* const bucket = bucket_of(key);
    uint32_t* const found = std::find(bucket, bucket + depth_, key);
    if (found == bucket + depth_) return false;
    std::copy(found + 1, bucket + depth_, found);
    bucket[depth_ - 1] = 0;
    return true;
}

}  // namespace s3b::cache
