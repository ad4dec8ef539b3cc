// SPDX-License-Identifier: Apache-2.0
#include "codec/sampling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace s3b::codec {

namespace {

constexpr size_t kShortestBlock = 2048;
constexpr size_t kChunk = 1024;
constexpr size_t kMostSamples = 16 * kChunk;
constexpr size_t kShare = 8;  // at most one byte in so many is looked at, but for one chunk
/// Below that, bytes are so uneven that compression pays.
constexpr double kEvenBits = 7.6;
/// What a quick compression must save of the samples: 1 / 32.
constexpr size_t kLeastSaving = 32;

}  // namespace

Sampler::Sampler() : quick_(1), compressed_(deflate_bound(kMostSamples)) {
    samples_.reserve(kMostSamples);
}

void Sampler::take_samples(std::span<const std::byte> block) {
    const size_t chunks = std::clamp(block.size() / kShare, kChunk, kMostSamples) / kChunk;
    const size_t stride = block.size() / chunks;
    samples_.clear();
    for (size_t i = 0; i < chunks; ++i) {
        // From the middle of each part: headers at the start say little of what follows.
        const auto chunk = block.subspan(i * stride + (stride - kChunk) / 2, kChunk);
        samples_.insert(samples_.end(), chunk.begin(), chunk.end());
    }
}

/// The entropy of single bytes, with the correction of Miller and Madow for few of them.
double Sampler::bits_per_byte() const {
    std::array<uint32_t, 256> counts{};
    for (const std::byte b : samples_) ++counts[std::to_integer<size_t>(b)];
    const auto total = static_cast<double>(samples_.size());
    double sum = 0;
    double kinds = 0;
    for (const uint32_t count : counts) {
        if (count == 0) continue;
        sum += count * std::log2(count);
        kinds += 1;
    }
    return std::log2(total) - sum / total + (kinds - 1) / (2 * total * std::numbers::ln2);
}

bool Sampler::looks_incompressible(std::span<const std::byte> block) {
    if (block.size() < kShortestBlock) return false;
    take_samples(block);
    if (bits_per_byte() < kEvenBits) return false;
    const auto length = quick_.compress(samples_, compressed_);
    return !length || *length > samples_.size() - samples_.size() / kLeastSaving;
}

}  // namespace s3b::codec
