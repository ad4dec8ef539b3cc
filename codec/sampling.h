// SPDX-License-Identifier: Apache-2.0
// Whether it is worth trying to compress a block: a look at samples costs a hundredth of a try.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "codec/deflate.h"

namespace s3b::codec {

/// Belongs to one thread at a time.
class Sampler {
public:
    Sampler();
    /// True if samples from all over `block` do not become shorter: noise, or what is compressed or
    /// encrypted already. A guess; false for blocks that are too short to tell.
    bool looks_incompressible(std::span<const std::byte> block);

private:
    void take_samples(std::span<const std::byte> block);
    double bits_per_byte() const;

    Deflater quick_;
    std::vector<std::byte> samples_;
    std::vector<std::byte> compressed_;
};

}  // namespace s3b::codec
