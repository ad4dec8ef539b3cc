// SPDX-License-Identifier: Apache-2.0
// Numbers and sizes as the command line has them. Pure. Stricter than sscanf, which s3backer uses:
// what is left over, a minus sign and an overflow are refused, for they mean something else than
// what was typed. Source: command-line.md 1.1 (7), 1.2, 11 (11, 15).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/compression.h"
#include "engine/base/types.h"

namespace s3b {

/// What is wrong; nullopt if nothing is.
using Complaint = std::optional<std::string>;

/// Leading blanks, then decimal digits of a 32 bit number. `into` keeps its value on a complaint.
Complaint parse_number(std::string_view text, uint32_t& into);
/// The same with a minus sign allowed.
Complaint parse_signed(std::string_view text, int32_t& into);
/// The same with octal digits.
Complaint parse_octal(std::string_view text, uint32_t& into);
/// Leading blanks, decimal digits, blanks, and a letter of k m g t p e (either case; powers of
/// 1024) or none. More than 0, less than 2^64.
Complaint parse_size(std::string_view text, ByteCount& into);

/// A size in bits a second, as bytes a second rounded down. At least 8 bits a second.
Complaint parse_speed(std::string_view text, ByteCount& into);
/// The type-of-service byte of IP packets: lowdelay, throughput, reliability, lowcost, mincost, or
/// 0 to 255 in C notation (16, 0x10, 020).
Complaint parse_type_of_service(std::string_view text, uint8_t& into);
/// Digits with or without a fraction, such as 99.5: from 50 to 99.99, or 0.
Complaint parse_percentile(std::string_view text, double& into);

/// What `compress` says: an algorithm, or a level of deflate alone, where 0 means none.
struct CompressChoice {
    codec::Algorithm algorithm = codec::Algorithm::Deflate;
    std::optional<int32_t> level;
};
/// An algorithm's name in any case, or a whole number from -1 to 9.
Complaint parse_compress(std::string_view text, CompressChoice& into);

/// With the largest unit that divides it: 4k, 1m, 1000k, 3000, 0.
std::string format_size(ByteCount size);

}  // namespace s3b
