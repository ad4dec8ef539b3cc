// SPDX-License-Identifier: Apache-2.0
// One bit a block, for whole volumes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"

namespace s3b::cache {

/// All bits are clear at first. Memory: resident only where a bit was ever set (an anonymous
/// mapping). Not thread-safe.
class BitMap {
public:
    static constexpr uint32_t kBits = 64;  // of a word

    explicit BitMap(BlockCount blocks);
    ~BitMap();
    BitMap(const BitMap&) = delete;
    BitMap& operator=(const BitMap&) = delete;

    bool test(BlockNumber block) const {
        return (words_[block.value / kBits] & bit_of(block)) != 0;
    }
    /// Whether that changed anything, as with clear().
    bool set(BlockNumber block) { return set(block.value / kBits, bit_of(block)) != 0; }
    bool clear(BlockNumber block) { return clear(block.value / kBits, bit_of(block)) != 0; }
    /// How many bits are set.
    uint64_t count() const { return count_; }

    // Words: block n is bit n % kBits of word n / kBits.

    uint64_t word(size_t index) const { return words_[index]; }
    /// Sets `bits` of a word; returns those that were clear.
    uint64_t set(size_t index, uint64_t bits) {
        const uint64_t changed = bits & ~words_[index];
        if (changed != 0) words_[index] |= changed;  // a page that was never used stays so
        count_ += static_cast<uint64_t>(std::popcount(changed));
        return changed;
    }
    /// Clears `bits` of a word; returns those that were set.
    uint64_t clear(size_t index, uint64_t bits) {
        const uint64_t changed = bits & words_[index];
        if (changed != 0) words_[index] &= ~changed;
        count_ -= static_cast<uint64_t>(std::popcount(changed));
        return changed;
    }

private:
    static uint64_t bit_of(BlockNumber block) { return uint64_t{1} << (block.value % kBits); }

    size_t bytes_;
    uint64_t* words_;
    uint64_t count_ = 0;
};

/// Blocks from `first` on, `count` of them.
struct BlockRange {
    uint64_t first = 0;
    uint64_t count = 0;

    uint64_t end() const { return first + count; }
    bool contains(BlockNumber block) const { return block.value - first < count; }
};

/// Calls `each(word, bits)` for the words of a BitMap that `range` touches, with its bits there.
template <class Each>
void for_words(BlockRange range, Each each) {
    constexpr uint64_t kBits = BitMap::kBits;
    uint64_t at = range.first;
    while (at < range.end()) {
        const uint64_t next = std::min(range.end(), (at / kBits + 1) * kBits);
        const uint64_t length = next - at;
        const uint64_t ones = length == kBits ? ~uint64_t{0} : (uint64_t{1} << length) - 1;
        each(static_cast<size_t>(at / kBits), ones << (at % kBits));
        at = next;
    }
}

/// Calls `each(block)` for the bits of a word.
template <class Each>
void for_blocks(size_t word, uint64_t bits, Each each) {
    for (; bits != 0; bits &= bits - 1) {
        const uint64_t block = word * BitMap::kBits + static_cast<uint64_t>(std::countr_zero(bits));
        each(BlockNumber(static_cast<uint32_t>(block)));
    }
}

}  // namespace s3b::cache
