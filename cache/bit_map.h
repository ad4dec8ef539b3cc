// SPDX-License-Identifier: Apache-2.0
// One bit a block, for whole volumes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"

namespace s3b::cache {

/// All bits are clear at first. Memory: resident only where a bit was ever set (an anonymous
/// mapping). Not thread-safe.
class BitMap {
public:
    explicit BitMap(BlockCount blocks);
    ~BitMap();
    BitMap(const BitMap&) = delete;
    BitMap& operator=(const BitMap&) = delete;

    bool test(BlockNumber block) const {
        return (words_[block.value / kBits] & bit_of(block)) != 0;
    }
    /// Whether that changed anything, as with clear().
    bool set(BlockNumber block);
    bool clear(BlockNumber block);
    /// How many bits are set.
    uint64_t count() const { return count_; }

private:
    static constexpr uint32_t kBits = 64;
    static uint64_t bit_of(BlockNumber block) { return uint64_t{1} << (block.value % kBits); }

    size_t bytes_;
    uint64_t* words_;
    uint64_t count_ = 0;
};

}  // namespace s3b::cache
