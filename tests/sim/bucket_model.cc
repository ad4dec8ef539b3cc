// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/bucket_model.h"

#include <algorithm>

namespace s3b {

size_t BucketModel::begin_write(size_t offset, std::span<const std::byte> bytes) {
    writes_.push_back({offset, {bytes.begin(), bytes.end()}, ++time_});
    return writes_.size() - 1;
}

size_t BucketModel::begin_flush() {
    flushes_.push_back({++time_});
    return flushes_.size() - 1;
}

/// For each flush that has ended: it and all before are there, and nothing from after the next.
std::string BucketModel::check(std::span<const std::byte> bytes) const {
    std::vector<Flush> ended;
    std::ranges::copy_if(flushes_, std::back_inserter(ended),
                         [](const Flush& flush) { return flush.end != kNever; });
    std::ranges::sort(ended, {}, &Flush::end);
    size_t furthest = 0;
    uint64_t stored = 0;
    for (size_t i = 0; i <= ended.size(); ++i) {
        const uint64_t later = i < ended.size() ? ended[i].end : kNever;
        const size_t wrong = first_wrong(bytes, stored, later);
        if (wrong == bytes.size()) return {};
        furthest = std::max(furthest, wrong);
        if (i < ended.size()) stored = std::max(stored, ended[i].begin);
    }
    return "no flush after which the bucket could be like that, byte " + std::to_string(furthest) +
           " is " + std::to_string(std::to_integer<int>(bytes[furthest]));
}

/// All writes that ended before `stored` are there, others that began before `later` may be. The
/// first byte that is not so, or the size.
size_t BucketModel::first_wrong(std::span<const std::byte> bytes, uint64_t stored,
                                uint64_t later) const {
    std::vector<std::byte> base = first_;
    for (const Write& write : writes_) {
        if (write.end >= stored) continue;
        std::ranges::copy(write.bytes, base.begin() + static_cast<ptrdiff_t>(write.offset));
    }
    std::vector<bool> right(bytes.size());
    for (size_t i = 0; i < bytes.size(); ++i) right[i] = bytes[i] == base[i];
    for (const Write& write : writes_) {
        if (write.end < stored || write.begin >= later) continue;
        for (size_t i = 0; i < write.bytes.size(); ++i) {
            if (bytes[write.offset + i] == write.bytes[i]) right[write.offset + i] = true;
        }
    }
    return static_cast<size_t>(std::ranges::find(right, false) - right.begin());
}

}  // namespace s3b
