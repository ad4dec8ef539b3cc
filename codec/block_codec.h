// SPDX-License-Identifier: Apache-2.0
// What a block becomes as an object, and back: compression, encryption, checksums.
// Source: wire-format.md 3.5, 5, 6.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codec/block_cipher.h"
#include "codec/compression.h"
#include "codec/content_encoding.h"
#include "engine/base/digest.h"
#include "engine/base/result.h"
#include "engine/base/types.h"

namespace s3b::codec {

/// An object's body and what is sent with it.
struct Encoded {
    std::span<const std::byte> body;  // a part of the block or of the scratch memory
    std::string_view encoding;        // Content-Encoding, lives as long as the codec; empty: none
    std::optional<Sha1> hmac;
    Md5 md5;
    Sha256 sha256;
};

/// A body as it was received.
struct Received {
    std::span<std::byte> body;  // is overwritten
    std::string_view encoding;  // Content-Encoding; empty: none
    std::optional<Sha1> hmac;
};

/// How the blocks of one volume are encoded. Thread-safe: any number of threads may encode and
/// decode at once; what they work with is kept for the next block.
class BlockCodec {
public:
    struct Settings {
        ByteCount block_size;
        Compression compression;
        std::optional<Cipher> cipher;  // none: not encrypted
        /// Readers take an object without Content-Encoding for compressed: nothing is sent without.
        bool always_name_encoding = false;

        Settings() = default;
    };

    /// `keys` are needed with a cipher. Unsupported: OpenSSL does not let us use the cipher.
    static Result<std::unique_ptr<BlockCodec>> create(const Settings& settings, BlockKeys keys);
    /// Without a cipher nothing can fail.
    explicit BlockCodec(const Settings& settings);
    ~BlockCodec();
    BlockCodec(const BlockCodec&) = delete;
    BlockCodec& operator=(const BlockCodec&) = delete;

    bool encrypts() const { return settings_.cipher.has_value(); }
    /// Whether a block is its own body, without a Content-Encoding: encode() adds but digests.
    bool sends_as_is() const;
    /// So many bytes of scratch memory hold any encoded block that is worth reading.
    size_t capacity() const;

    /// `block` is block_size bytes, `scratch` capacity() bytes. The result is a part of them: they
    /// must not change while it is used.
    Encoded encode(BlockNumber number, std::span<const std::byte> block,
                   std::span<std::byte> scratch);
    /// Fills `block` with block_size bytes. BadReply: no block, or damaged. Unauthentic: encrypted
    /// with other keys, for another place, or damaged. Unsupported: the volume's options do not fit
    /// (encrypted or not). On an error the content of `block` is undefined.
    Result<void> decode(BlockNumber number, const Received& received, std::span<std::byte> block);

    /// About how long encoding a block takes a processor core.
    Duration encoding_time() const;
    /// And decoding a body of so many bytes.
    Duration decoding_time(ByteCount body, bool encoded) const;

private:
    class Workspace;
    class Lease;
    static constexpr size_t kKeptWorkspaces = 80;  // more than there are threads

    Algorithm compress(Workspace& workspace, std::span<const std::byte> block,
                       std::span<std::byte> scratch, size_t& length) const;
    Result<void> check_encryption(const ContentEncoding& encoding) const;
    Result<std::span<std::byte>> decipher(Workspace& workspace, BlockNumber number,
                                          const Received& received) const;

    Settings settings_;
    BlockKeys keys_;
    std::array<std::string, 3> encodings_;  // as written, by compression
    std::array<std::atomic<Workspace*>, kKeptWorkspaces> workspaces_{};
};

}  // namespace s3b::codec
