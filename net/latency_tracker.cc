// SPDX-License-Identifier: Apache-2.0
#include "net/latency_tracker.h"

#include <algorithm>
#include <bit>

namespace s3b::net {

size_t LatencyTracker::bucket_of(Duration latency) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
    constexpr uint64_t kLeast = uint64_t{1} << kSubBits;
    const uint64_t value = us < 0 ? kLeast : std::max(static_cast<uint64_t>(us), kLeast);
    // The leading one says the octave, the bits behind it the part of the octave.
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - 1 - kSubBits;
    if (octave >= kOctaves) return kBuckets - 1;
    return (size_t{octave} << kSubBits) + ((value >> octave) - kLeast);
}

Duration LatencyTracker::end_of(size_t bucket) {
    const size_t octave = bucket >> kSubBits;
    const uint64_t part = bucket & ((size_t{1} << kSubBits) - 1);
    const uint64_t us = ((uint64_t{1} << kSubBits) + part + 1) << octave;
    return std::chrono::microseconds(us);
}

void LatencyTracker::add(Duration latency) {
    weights_[bucket_of(latency)] += kWeight;
    total_ += kWeight;
    if (samples_ < kLeastSamples) ++samples_;
    if (++since_halving_ == kWindow) halve();
}

void LatencyTracker::halve() {
    since_halving_ = 0;
    total_ = 0;
    for (uint32_t& weight : weights_) {
        weight /= 2;
        total_ += weight;
    }
}

std::optional<Duration> LatencyTracker::percentile(double percent) const {
    if (samples_ < kLeastSamples) return std::nullopt;
    const double wanted = static_cast<double>(total_) * percent / 100;
    uint64_t sum = 0;
    size_t last = 0;
    for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
        if (weights_[bucket] == 0) continue;
        last = bucket;
        sum += weights_[bucket];
        if (static_cast<double>(sum) >= wanted) break;
    }
    return end_of(last);
}

}  // namespace s3b::net
