// SPDX-License-Identifier: Apache-2.0
// Block numbers as object keys and back: the prefix, then 8 lower-case hex digits.
// Source: wire-format.md 1.4, 1.5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/types.h"

namespace s3b::codec {

/// The names below one prefix. Immutable, so any thread may use it.
class ObjectNames {
public:
    /// `prefix` is used as it is: no slash is added. May be empty.
    explicit ObjectNames(std::string prefix) : prefix_(std::move(prefix)) {}

    /// The key of `block`.
    std::string of(BlockNumber block) const;
    /// The block whose key is exactly `key`; nullopt if there is none (upper-case digits are no
    /// name). Whether the volume has so many blocks is the caller's to check.
    std::optional<BlockNumber> parse(std::string_view key) const;
    /// The key of the mount flag object.
    std::string mount_flag() const { return prefix_ + "s3backer-mounted"; }
    const std::string& prefix() const { return prefix_; }

private:
    std::string prefix_;
};

}  // namespace s3b::codec
