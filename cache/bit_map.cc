// SPDX-License-Identifier: Apache-2.0
#include "cache/bit_map.h"

#include <sys/mman.h>

#include "engine/base/check.h"

namespace s3b::cache {

BitMap::BitMap(BlockCount blocks) : bytes_((blocks.value + kBits - 1) / kBits * sizeof(uint64_t)) {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    words_ = static_cast<uint64_t*>(memory);
}

BitMap::~BitMap() { munmap(words_, bytes_); }

}  // namespace s3b::cache
