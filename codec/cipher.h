// SPDX-License-Identifier: Apache-2.0
// Which ciphers blocks can be encrypted with. Source: wire-format.md 6.1, 6.2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace s3b::codec {

/// A block cipher in CBC mode.
struct Cipher {
    std::string name;  // OpenSSL's own, such as AES-128-CBC: part of each HMAC
    size_t key_bytes = 0;
    size_t block_bytes = 0;  // also of the initialisation vector

    Cipher() = default;
};

/// Derived keys are at most so long.
inline constexpr size_t kMaxKeyBytes = 64;

/// `name` in any case, or an alias that OpenSSL knows (aes256). Errors: NotFound (OpenSSL does not
/// have it), Unsupported (it is no block cipher in CBC mode).
Result<Cipher> find_cipher(std::string_view name);

/// The names of all, sorted.
std::vector<std::string> usable_ciphers();

}  // namespace s3b::codec
