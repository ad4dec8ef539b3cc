// SPDX-License-Identifier: Apache-2.0
#include "codec/zstd.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "engine/base/check.h"

namespace s3b::codec {

namespace {

/// The library also reads the formats of its early versions, which nobody writes for us.
bool is_frame_of_today(std::span<const std::byte> bytes) {
    constexpr uint32_t kSkippableMask = 0xfffffff0;
    if (bytes.size() < 4) return false;
    uint32_t magic = 0;
    for (size_t i = 4; i > 0; --i) magic = magic << 8 | std::to_integer<uint32_t>(bytes[i - 1]);
    return magic == ZSTD_MAGICNUMBER || (magic & kSkippableMask) == ZSTD_MAGIC_SKIPPABLE_START;
}

}  // namespace

void ZstdCompressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

ZstdCompressor::ZstdCompressor(int level) : context_(ZSTD_createCCtx()) {
    CHECK(context_ != nullptr);
    const size_t set = ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    CHECK(ZSTD_isError(set) == 0);
}

std::optional<size_t> ZstdCompressor::compress(std::span<const std::byte> from,
                                               std::span<std::byte> into) {
    const size_t length =
        ZSTD_compress2(context_.get(), into.data(), into.size(), from.data(), from.size());
    if (ZSTD_isError(length) == 0) return length;
    CHECK(ZSTD_getErrorCode(length) == ZSTD_error_dstSize_tooSmall);
    return std::nullopt;
}

void ZstdDecompressor::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

ZstdDecompressor::ZstdDecompressor() : context_(ZSTD_createDCtx()) { CHECK(context_ != nullptr); }

Result<size_t> ZstdDecompressor::decompress(std::span<const std::byte> from,
                                            std::span<std::byte> into) {
    size_t total = 0;
    while (!from.empty()) {
        if (!is_frame_of_today(from)) return Error(Errc::BadReply, "not a zstd frame");
        const size_t frame = ZSTD_findFrameCompressedSize(from.data(), from.size());
        if (ZSTD_isError(frame) != 0) return Error(Errc::BadReply, "not a whole zstd frame");
        const std::span<std::byte> rest = into.subspan(total);
        const size_t length =
            ZSTD_decompressDCtx(context_.get(), rest.data(), rest.size(), from.data(), frame);
        if (ZSTD_getErrorCode(length) == ZSTD_error_dstSize_tooSmall) {
            return Error(Errc::BadReply, "decompresses to more than a block");
        }
        if (ZSTD_isError(length) != 0) return Error(Errc::BadReply, "not a sound zstd frame");
        total += length;
        from = from.subspan(frame);
    }
    return total;
}

}  // namespace s3b::codec
