// SPDX-License-Identifier: Apache-2.0
// Digests as values: what an object's bytes hash to, and the ETag that a store gave it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

namespace s3b {

struct Md5 {
    std::array<std::byte, 16> bytes{};
    bool operator==(const Md5&) const = default;
};

struct Sha1 {
    std::array<std::byte, 20> bytes{};
    bool operator==(const Sha1&) const = default;
};

struct Sha256 {
    std::array<std::byte, 32> bytes{};
    bool operator==(const Sha256&) const = default;
};

/// The ETag of a stored object where it has the form of a quoted MD5; nullopt where the store gave
/// none of that form (never trusted then). Source: wire-format.md 3.1.
using ETag = std::optional<Md5>;

}  // namespace s3b
