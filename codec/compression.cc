// SPDX-License-Identifier: Apache-2.0
#include "codec/compression.h"

#include <zstd.h>

#include "engine/base/check.h"

namespace s3b::codec {

LevelRange level_range(Algorithm algorithm) {
    CHECK(algorithm != Algorithm::None);
    if (algorithm == Algorithm::Deflate) return {0, 9, 6};
    return {ZSTD_minCLevel(), ZSTD_maxCLevel(), ZSTD_CLEVEL_DEFAULT};
}

std::string_view name_of(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::None: return "";
        case Algorithm::Deflate: return "deflate";
        case Algorithm::Zstd: return "zstd";
    }
    return "";
}

}  // namespace s3b::codec
