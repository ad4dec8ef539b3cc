// SPDX-License-Identifier: Apache-2.0
// Block numbers as object keys and back: the prefix, on request a hash of 8 lower-case hex digits
// and '-', then the number in 8 of them.
// Source: wire-format.md 1.4, 1.5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/types.h"

namespace s3b::codec {

/// The hash in a block's name, so that keys spread over a store that is divided by their order. A
/// bijection: each step can be undone.
uint32_t hash_of_block(BlockNumber block);
/// The block whose hash it is.
BlockNumber block_with_hash(uint32_t hash);

/// The names below one prefix. Immutable, so any thread may use it.
class ObjectNames {
public:
    /// `prefix` is used as it is: no slash is added. May be empty. `with_hash`: names begin with
    /// the hash; all programs that share the objects must agree on it.
    explicit ObjectNames(std::string prefix, bool with_hash = false)
        : prefix_(std::move(prefix)), with_hash_(with_hash) {}

    /// The key of `block`.
    std::string of(BlockNumber block) const;
    /// The block whose key is exactly `key`; nullopt if there is none (upper-case digits are no
    /// name, nor is a hash of another block). Whether the volume has so many blocks is the
    /// caller's to check.
    std::optional<BlockNumber> parse(std::string_view key) const;
    /// The key of the mount flag object, which never has a hash.
    std::string mount_flag() const { return prefix_ + "s3backer-mounted"; }
    const std::string& prefix() const { return prefix_; }
    bool with_hash() const { return with_hash_; }

private:
    std::string prefix_;
    bool with_hash_;
};

}  // namespace s3b::codec
