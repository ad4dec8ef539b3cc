// SPDX-License-Identifier: Apache-2.0
// The Content-Encoding of a block: what was done to it, in the order in which it was done.
// Source: wire-format.md 3.5, 5, 6.6, 6.7.
#pragma once

#include <string>
#include <string_view>

#include "codec/compression.h"
#include "engine/base/result.h"

namespace s3b::codec {

struct ContentEncoding {
    Algorithm compression = Algorithm::None;
    std::string_view cipher;  // as written, part of the parsed text; empty: not encrypted
};

/// Reads a list with any separation by commas and blanks, in any case. At most a compression and,
/// after it, an encryption: BadReply for all else.
Result<ContentEncoding> parse_content_encoding(std::string_view text);

/// How it is written; empty if nothing was done.
std::string write_content_encoding(const ContentEncoding& encoding);

/// What a GET says in Accept-Encoding; `cipher` may be empty.
std::string accept_encoding(Algorithm compression, std::string_view cipher);

}  // namespace s3b::codec
