// SPDX-License-Identifier: Apache-2.0
// Compressed blocks: zlib streams (RFC 1950) and zstd frames.
// Source: wire-format.md 5; command-line.md 2.6.
#pragma once

#include <string_view>

namespace s3b::codec {

enum class Algorithm { None, Deflate, Zstd };

/// How new blocks are compressed.
struct Compression {
    Algorithm algorithm = Algorithm::None;
    int level = 0;  // within level_range()
};

struct LevelRange {
    int least;
    int most;
    int usual;  // what is meant if no level is given
};

/// Deflate: 0 (stored only) to 9; zstd: as its library has them. Not for None.
LevelRange level_range(Algorithm algorithm);

/// As in Content-Encoding: "deflate", "zstd"; empty for None.
std::string_view name_of(Algorithm algorithm);

}  // namespace s3b::codec
