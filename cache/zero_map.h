// SPDX-License-Identifier: Apache-2.0
// Blocks whose object is known not to exist: one bit each. Source: cache-and-consistency.md 5.1
// (the lower zero cache there: what the store holds, not what a client wrote).
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"

namespace s3b::cache {

/// All bits are unset at first: nothing is known. Memory: one bit a block, resident only where a
/// bit was ever set (an anonymous mapping). Belongs to the reactor.
class ZeroMap {
public:
    explicit ZeroMap(BlockCount blocks);
    ~ZeroMap();
    ZeroMap(const ZeroMap&) = delete;
    ZeroMap& operator=(const ZeroMap&) = delete;

    bool known_zero(BlockNumber block) const;
    void set_zero(BlockNumber block);
    void set_unknown(BlockNumber block);
    uint64_t size() const { return set_; }

private:
    size_t bytes_;
    uint64_t* words_;
    uint64_t set_ = 0;
};

}  // namespace s3b::cache
