// SPDX-License-Identifier: Apache-2.0
// Bytes as text: hexadecimal, base64 and the percent-encoding of URLs and signatures.
// Source: wire-format.md 0 and 1.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace s3b::codec {

/// Two lower-case digits a byte.
std::string to_hex(std::span<const std::byte> bytes);
/// 8 lower-case digits: how the format writes block numbers, hashes and mount tokens.
std::string to_hex8(uint32_t number);
/// Reads exactly 2 * into.size() digits of either case. False if `text` is anything else; `into`
/// is undefined then.
bool from_hex(std::string_view text, std::span<std::byte> into);

/// Standard alphabet, padded, no line breaks.
std::string to_base64(std::span<const std::byte> bytes);

/// Reads padded base64 of exactly into.size() bytes. False if `text` is anything else; `into` is
/// undefined then.
bool from_base64(std::string_view text, std::span<std::byte> into);

/// Whether the letters A to Z and a to z count as equal, all else is.
bool same_ignoring_case(std::string_view a, std::string_view b);

enum class Slash { Keep, Encode };

/// Leaves A-Z a-z 0-9 _ - ~ . alone (and '/' with Slash::Keep), writes every other byte as '%' and
/// two upper-case hex digits.
std::string percent_encode(std::string_view text, Slash slash);

}  // namespace s3b::codec
