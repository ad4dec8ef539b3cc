// SPDX-License-Identifier: Apache-2.0
#include "codec/deflate.h"

#include <libdeflate.h>

#include "engine/base/check.h"

namespace s3b::codec {

void Deflater::Free::operator()(libdeflate_compressor* compressor) const {
    libdeflate_free_compressor(compressor);
}

Deflater::Deflater(int level) : compressor_(libdeflate_alloc_compressor(level)) {
    CHECK(compressor_ != nullptr);
}

std::optional<size_t> Deflater::compress(std::span<const std::byte> from,
                                         std::span<std::byte> into) {
    const size_t length = libdeflate_zlib_compress(compressor_.get(), from.data(), from.size(),
                                                   into.data(), into.size());
    if (length == 0) return std::nullopt;
    return length;
}

void Inflater::Free::operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
}

Inflater::Inflater() : decompressor_(libdeflate_alloc_decompressor()) {
    CHECK(decompressor_ != nullptr);
}

Result<size_t> Inflater::decompress(std::span<const std::byte> from, std::span<std::byte> into) {
    size_t consumed = 0;
    size_t length = 0;
    switch (libdeflate_zlib_decompress_ex(decompressor_.get(), from.data(), from.size(),
                                          into.data(), into.size(), &consumed, &length)) {
        case LIBDEFLATE_SUCCESS: return length;
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            return Error(Errc::BadReply, "inflates to more than a block");
        default: return Error(Errc::BadReply, "not a sound zlib stream");
    }
}

}  // namespace s3b::codec
