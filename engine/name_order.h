// SPDX-License-Identifier: Apache-2.0
// Where block names stand among the keys of a bucket, in the order of their bytes. The first 8 hex
// digits of a name, its ordinal, order the names: the block's number, or with hashed names its
// hash. Pure. Source: wire-format.md 1.4, 2.5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/object_name.h"
#include "engine/base/types.h"

namespace s3b {

class NameOrder {
public:
    NameOrder(codec::ObjectNames names, BlockCount blocks);

    /// One more than the largest ordinal of a name: at most 2^32.
    uint64_t end() const { return end_; }
    /// The block named `key`; nullopt if the volume has no such one.
    std::optional<BlockNumber> block_of(std::string_view key) const;
    /// The ordinal of `key`, which is the name of a block.
    uint64_t ordinal_of(std::string_view key) const;
    /// A key, of no block, behind all names of lesser ordinals and before all others.
    std::string before(uint64_t ordinal) const;
    /// The least ordinal that the name of a block behind `key` (any key) can have; may be end() or
    /// more.
    uint64_t next(std::string_view key) const;
    BlockCount blocks() const { return blocks_; }
    const std::string& prefix() const { return names_.prefix(); }

private:
    codec::ObjectNames names_;
    BlockCount blocks_;
    bool hashed_;
    uint64_t end_;
};

}  // namespace s3b
