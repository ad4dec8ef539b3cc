// SPDX-License-Identifier: Apache-2.0
// zstd frames (RFC 8878) of whole blocks. Source: wire-format.md 5.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "engine/base/result.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace s3b::codec {

/// Makes one frame with the content's size and without a checksum. Belongs to one thread at a time.
class ZstdCompressor {
public:
    explicit ZstdCompressor(int level);

    /// The length of the frame that `from` becomes in `into`; nullopt if it does not fit.
    std::optional<size_t> compress(std::span<const std::byte> from, std::span<std::byte> into);

private:
    struct Free {
        void operator()(ZSTD_CCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

/// Belongs to one thread at a time.
class ZstdDecompressor {
public:
    ZstdDecompressor();

    /// The length of what all frames of `from` together become in `into`. BadReply: damaged,
    /// something else than frames, or longer than `into`.
    Result<size_t> decompress(std::span<const std::byte> from, std::span<std::byte> into);

private:
    struct Free {
        void operator()(ZSTD_DCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

}  // namespace s3b::codec
