// SPDX-License-Identifier: Apache-2.0
// Which bytes of a block are known: a sorted set of ranges that touch or overlap nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace s3b::cache {

/// Bytes [begin, end) of a block.
struct ByteRange {
    uint32_t begin;
    uint32_t end;
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

class RangeSet {
public:
    /// More ranges than this are not kept apart: can_add() says no, and the caller fetches the
    /// block instead. Bounds the memory of a block written in tiny pieces.
    static constexpr size_t kMaxRanges = 256;

    bool can_add(ByteRange range) const;
    /// Merges `range` in. O(number of ranges).
    void add(ByteRange range);
    bool covers(ByteRange range) const;
    /// The parts of [0, size) that are not in the set, in order.
    std::vector<ByteRange> gaps(uint32_t size) const;
    bool empty() const { return ranges_.empty(); }
    void clear() { ranges_.clear(); }

private:
    std::vector<ByteRange> ranges_;
};

}  // namespace s3b::cache
