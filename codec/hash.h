// SPDX-License-Identifier: Apache-2.0
// MD5, SHA-256 and HMAC-SHA256 on OpenSSL. Algorithms are looked up once for the process and
// contexts are kept per thread, which halves the cost of a digest of a few hundred bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "engine/base/digest.h"
#include "engine/base/types.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace s3b::codec {

/// Thread-safe, as are all functions of this file. They cannot fail (CHECKed).
Md5 md5(std::span<const std::byte> data);
Sha256 sha256(std::span<const std::byte> data);

/// About how long the SHA-256 of so many bytes takes a core of today.
constexpr Duration sha256_time(ByteCount bytes) {
    return Duration(static_cast<int64_t>(bytes.value / 2));
}

/// HMAC-SHA256 with a key of any length that is set once; the padded key is hashed only once.
/// Source: RFC 2104.
class HmacSha256 {
public:
    explicit HmacSha256(std::span<const std::byte> key);
    /// Thread-safe: any number of threads may use one object.
    Sha256 operator()(std::span<const std::byte> data) const;

private:
    struct FreeContext {
        void operator()(evp_md_ctx_st* context) const;
    };
    using Context = std::unique_ptr<evp_md_ctx_st, FreeContext>;
    Context inner_;  // has hashed key xor ipad
    Context outer_;  // has hashed key xor opad
};

/// The same for a key that is used once.
Sha256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> data);

/// The bytes of a text.
inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace s3b::codec
