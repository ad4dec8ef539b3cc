// SPDX-License-Identifier: Apache-2.0
#include "cache/zero_map.h"

#include <sys/mman.h>

#include "engine/base/check.h"

namespace s3b::cache {

namespace {
uint64_t bit_of(BlockNumber block) { return uint64_t{1} << (block.value % 64); }
}  // namespace

ZeroMap::ZeroMap(BlockCount blocks) : bytes_((blocks.value + 63) / 64 * sizeof(uint64_t)) {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    words_ = static_cast<uint64_t*>(memory);
}

ZeroMap::~ZeroMap() { munmap(words_, bytes_); }

bool ZeroMap::known_zero(BlockNumber block) const {
    return (words_[block.value / 64] & bit_of(block)) != 0;
}

void ZeroMap::set_zero(BlockNumber block) {
    if (known_zero(block)) return;
    words_[block.value / 64] |= bit_of(block);
    ++set_;
}

void ZeroMap::set_unknown(BlockNumber block) {
    if (!known_zero(block)) return;
    words_[block.value / 64] &= ~bit_of(block);
    --set_;
}

}  // namespace s3b::cache
