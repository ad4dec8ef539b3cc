// SPDX-License-Identifier: Apache-2.0
#include "codec/object_name.h"

#include "codec/text.h"

namespace s3b::codec {

namespace {

constexpr size_t kDigits = 8;
constexpr size_t kHashedName = kDigits + 1 + kDigits;
constexpr uint32_t kRounds = 12;
constexpr uint32_t kFactor = 107;
constexpr uint32_t kInverseFactor = 0x8d28ac43;
static_assert(kFactor * kInverseFactor == 1);

/// All of `text`: 8 lower-case digits.
std::optional<uint32_t> parse_hex(std::string_view text) {
    if (text.size() != kDigits) return std::nullopt;
    uint32_t number = 0;
    for (const char c : text) {
        uint32_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<uint32_t>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<uint32_t>(c - 'a' + 10);
        } else {
            return std::nullopt;
        }
        number = number << 4 | digit;
    }
    return number;
}

}  // namespace

uint32_t hash_of_block(BlockNumber block) {
    uint32_t hash = block.value;
    for (uint32_t round = kRounds; round > 0; --round) {
        hash = ((hash >> 8) ^ hash) * kFactor + round;
    }
    return hash;
}

BlockNumber block_with_hash(uint32_t hash) {
    for (uint32_t round = 1; round <= kRounds; ++round) {
        const uint32_t mixed = (hash - round) * kInverseFactor;
        hash = mixed ^ mixed >> 8 ^ mixed >> 16 ^ mixed >> 24;
    }
    return BlockNumber(hash);
}

std::string ObjectNames::of(BlockNumber block) const {
    std::string key = prefix_;
    if (with_hash_) {
        key += to_hex8(hash_of_block(block));
        key += '-';
    }
    key += to_hex8(block.value);
    return key;
}

std::optional<BlockNumber> ObjectNames::parse(std::string_view key) const {
    if (!key.starts_with(prefix_)) return std::nullopt;
    std::string_view name = key.substr(prefix_.size());
    std::optional<uint32_t> hash;
    if (with_hash_) {
        if (name.size() != kHashedName || name[kDigits] != '-') return std::nullopt;
        hash = parse_hex(name.substr(0, kDigits));
        if (!hash) return std::nullopt;
        name.remove_prefix(kDigits + 1);
    }
    const std::optional<uint32_t> number = parse_hex(name);
    if (!number) return std::nullopt;
    if (hash && *hash != hash_of_block(BlockNumber(*number))) return std::nullopt;
    return BlockNumber(*number);
}

}  // namespace s3b::codec
