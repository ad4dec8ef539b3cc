// SPDX-License-Identifier: Apache-2.0
// How the cache chooses the clean block that makes room for another.
#pragma once

#include <cstdint>

namespace s3b::cache {

enum class EvictionPolicy : uint8_t {
    Lru,     // strictly the one that was not used for longest
    S3Fifo,  // see s3_fifo.h; protected blocks are in an LRU order of their own even then
};

}  // namespace s3b::cache
