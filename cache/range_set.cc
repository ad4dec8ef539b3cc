// SPDX-License-Identifier: Apache-2.0
#include "cache/range_set.h"

#include <algorithm>

namespace s3b::cache {

bool RangeSet::can_add(ByteRange range) const {
    if (ranges_.size() < kMaxRanges) return true;
    return std::ranges::any_of(ranges_, [&](const ByteRange& known) {
        return known.begin <= range.end && range.begin <= known.end;
    });
}

void RangeSet::add(ByteRange range) {
    auto first = std::ranges::lower_bound(ranges_, range.begin, {}, &ByteRange::end);
    auto last = first;
    while (last != ranges_.end() && last->begin <= range.end) {
        range.begin = std::min(range.begin, last->begin);
        range.end = std::max(range.end, last->end);
        ++last;
    }
    first = ranges_.erase(first, last);
    ranges_.insert(first, range);
}

bool RangeSet::covers(ByteRange range) const {
    return std::ranges::any_of(ranges_, [&](const ByteRange& known) {
        return known.begin <= range.begin && range.end <= known.end;
    });
}

std::vector<ByteRange> RangeSet::gaps(uint32_t size) const {
    std::vector<ByteRange> result;
    uint32_t position = 0;
    for (const ByteRange& known : ranges_) {
        if (known.begin > position) result.push_back({position, known.begin});
        position = known.end;
    }
    if (position < size) result.push_back({position, size});
    return result;
}

}  // namespace s3b::cache
