// SPDX-License-Identifier: Apache-2.0
// Encryption and authentication of one block: CBC with a vector made from the block's number, and
// an HMAC over number, cipher and ciphertext. Source: wire-format.md 6.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "codec/cipher.h"
#include "codec/locked_memory.h"
#include "engine/base/digest.h"
#include "engine/base/result.h"
#include "engine/base/types.h"

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;

namespace s3b::codec {

/// What a password becomes for one bucket and prefix.
struct BlockKeys {
    LockedBytes key;     // of the HMAC, and in its first bytes of the cipher
    LockedBytes iv_key;  // in its first bytes of the cipher that makes initialisation vectors

    BlockKeys() = default;
};

/// Takes some 5 ms. `key_bytes` is 1 to kMaxKeyBytes.
BlockKeys derive_keys(std::string_view password, std::string_view bucket, std::string_view prefix,
                      size_t key_bytes);

/// Ciphers one block after the other. Belongs to one thread at a time.
class BlockCipher {
public:
    /// Of any cipher here, in bytes.
    static constexpr size_t kMaxBlockBytes = 32;

    /// `keys` are at least as long as the cipher wants (CHECKed). Unsupported: OpenSSL does not let
    /// us use the cipher.
    static Result<std::unique_ptr<BlockCipher>> create(const Cipher& cipher, const BlockKeys& keys);

    /// The first block_bytes are the vector that `block` is encrypted with.
    using Vector = std::array<std::byte, kMaxBlockBytes>;
    Vector vector_of(BlockNumber block);

    /// Encrypts the first `length` bytes of `buffer` in place; yields the length with the padding,
    /// 1 to block_bytes more, for which there must be room (CHECKed).
    size_t encrypt(BlockNumber block, std::span<std::byte> buffer, size_t length);
    /// The HMAC of an encrypted block.
    Sha1 hmac_of(BlockNumber block, std::span<const std::byte> encrypted);
    /// Decrypts in place, after its HMAC was found right; yields the length without the padding.
    /// BadReply: no whole cipher blocks, or the padding is none.
    Result<size_t> decrypt(BlockNumber block, std::span<std::byte> buffer);

private:
    struct Free {
        void operator()(evp_cipher_ctx_st* context) const;
        void operator()(evp_mac_ctx_st* context) const;
    };
    using Context = std::unique_ptr<evp_cipher_ctx_st, Free>;
    using MacContext = std::unique_ptr<evp_mac_ctx_st, Free>;
    enum class Direction { Decrypt = 0, Encrypt = 1 };

    BlockCipher() = default;
    static Context make_context(const std::string& name, std::span<const std::byte> key,
                                Direction direction, bool padded);
    static MacContext make_mac(std::span<const std::byte> key);

    Cipher cipher_;
    LockedBytes first_vector_;  // with which vectors are made: a part of the key
    Context encrypt_;
    Context decrypt_;
    Context vector_;
    MacContext mac_;
};

}  // namespace s3b::codec
