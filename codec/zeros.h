// SPDX-License-Identifier: Apache-2.0
// Whether bytes are all zero: such a block is not stored. Source: wire-format.md 7.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace s3b::codec {

/// True for no bytes at all. Ends early where they are not.
inline bool all_zero(std::span<const std::byte> bytes) {
    // Zero is what begins with zeros and equals itself shifted by as many.
    constexpr size_t kHead = 16;
    for (const std::byte b : bytes.first(bytes.size() < kHead ? bytes.size() : kHead)) {
        if (b != std::byte{0}) return false;
    }
    return bytes.size() <= kHead ||
           std::memcmp(bytes.data(), bytes.data() + kHead, bytes.size() - kHead) == 0;
}

}  // namespace s3b::codec
