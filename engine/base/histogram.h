// SPDX-License-Identifier: Apache-2.0
// How long operations took: how many within each of some bounds, and all of them together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"

namespace s3b {

/// Not thread-safe.
class Histogram {
public:
    /// Microseconds; each bucket holds what is not longer, the last one all that is.
    static constexpr std::array<uint32_t, 18> kBounds = {
        10,     25,     50,     100,     250,     500,       1'000,     2'500,      5'000,
        10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 2'500'000, 10'000'000, 30'000'000};

    void record(Duration time) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
        const auto bound = std::ranges::lower_bound(kBounds, std::max<int64_t>(us, 0));
        ++buckets_[static_cast<size_t>(bound - kBounds.begin())];
        sum_ += time;
        ++count_;
    }
    /// How many took at most kBounds[i].
    uint64_t within(size_t i) const {
        uint64_t count = 0;
        for (size_t n = 0; n <= i; ++n) count += buckets_[n];
        return count;
    }
    uint64_t count() const { return count_; }
    Duration sum() const { return sum_; }

private:
    std::array<uint64_t, kBounds.size() + 1> buckets_{};
    uint64_t count_ = 0;
    Duration sum_{};
};

}  // namespace s3b
