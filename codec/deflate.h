// SPDX-License-Identifier: Apache-2.0
// zlib streams (RFC 1950) of whole blocks, made and read by libdeflate: zlib's format at two to
// three times its speed. Source: wire-format.md 5.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "engine/base/result.h"

struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace s3b::codec {

/// What every release of s3backer accepts as the compressed form of so many bytes; a stored stream
/// always fits.
constexpr size_t deflate_bound(size_t bytes) {
    return bytes + (bytes >> 12) + (bytes >> 14) + (bytes >> 25) + 13;
}

/// A compressor. Belongs to one thread at a time.
class Deflater {
public:
    /// Levels 0 (stored) to 9.
    explicit Deflater(int level);

    /// The length of the stream that `from` becomes in `into`; nullopt if it does not fit.
    std::optional<size_t> compress(std::span<const std::byte> from, std::span<std::byte> into);

private:
    struct Free {
        void operator()(libdeflate_compressor* compressor) const;
    };
    std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

/// A decompressor. Belongs to one thread at a time.
class Inflater {
public:
    Inflater();

    /// The length of what the stream at the start of `from` becomes in `into`; what follows the
    /// stream is ignored. BadReply: damaged, of another format, or longer than `into`.
    Result<size_t> decompress(std::span<const std::byte> from, std::span<std::byte> into);

private:
    struct Free {
        void operator()(libdeflate_decompressor* decompressor) const;
    };
    std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
};

}  // namespace s3b::codec
