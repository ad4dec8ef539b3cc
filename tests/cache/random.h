// SPDX-License-Identifier: Apache-2.0
// Reproducible random numbers: the same seed gives the same numbers with every compiler.
#pragma once

#include <cstdint>

namespace s3b {

/// splitmix64: fast, and good enough to choose test steps.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        state_ += 0x9E3779B97F4A7C15ULL;
        uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
        return mixed ^ (mixed >> 31);
    }
    /// One of 0 to n - 1.
    uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }
    bool one_in(uint32_t n) { return below(n) == 0; }

private:
    uint64_t state_;
};

}  // namespace s3b
