// SPDX-License-Identifier: Apache-2.0
// How long reads have taken lately, as a histogram. Pure: no clock, no allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/base/types.h"

namespace s3b::net {

/// Buckets are an eighth of an octave wide at the most, so a percentile is at most 12.5 % too
/// high. After each kWindow samples all that came before weighs half: the last 1000 make up at
/// least half of the answer. Belongs to one thread.
class LatencyTracker {
public:
    static constexpr uint32_t kWindow = 1000;
    /// A percentile of fewer samples says nothing about the slow ones.
    static constexpr uint32_t kLeastSamples = 100;

    /// O(1), but for every kWindow-th call, which visits each bucket. What is out of range counts
    /// as 8 us or 4.6 min.
    void add(Duration latency);
    /// The time that `percent` (0 to 100) of the samples did not exceed; nullopt before
    /// kLeastSamples. Visits each bucket: O(1), some 100 ns.
    std::optional<Duration> percentile(double percent) const;

private:
    static constexpr unsigned kSubBits = 3;  // 8 buckets an octave
    static constexpr unsigned kOctaves = 25;
    static constexpr size_t kBuckets = size_t{kOctaves} << kSubBits;
    /// What a new sample weighs, so that halving leaves something of it for a while.
    static constexpr uint32_t kWeight = 1 << 16;

    static size_t bucket_of(Duration latency);
    static Duration end_of(size_t bucket);
    void halve();

    std::array<uint32_t, kBuckets> weights_{};
    uint64_t total_ = 0;          // of the weights: at most 2 * kWindow * kWeight
    uint32_t since_halving_ = 0;  // samples
    uint32_t samples_ = 0;        // up to kLeastSamples
};

}  // namespace s3b::net
