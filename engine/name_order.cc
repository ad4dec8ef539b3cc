// SPDX-License-Identifier: Apache-2.0
#include "engine/name_order.h"

#include "codec/text.h"

namespace s3b {

namespace {

constexpr size_t kDigits = 8;
constexpr uint64_t kOrdinals = uint64_t{1} << 32;
constexpr std::string_view kHex = "0123456789abcdef";

/// How many hex digits sort before `c`: the value of `c` if it is one itself.
uint64_t digits_before(char c) {
    const auto byte = static_cast<unsigned char>(c);
    uint64_t count = 0;
    while (count < kHex.size() && static_cast<unsigned char>(kHex[count]) < byte) ++count;
    return count;
}

}  // namespace

NameOrder::NameOrder(codec::ObjectNames names, BlockCount blocks)
    : names_(std::move(names)),
      blocks_(blocks),
      hashed_(names_.of(BlockNumber(0)).size() > names_.prefix().size() + kDigits),
      end_(hashed_ ? kOrdinals : blocks.value) {}

std::optional<BlockNumber> NameOrder::block_of(std::string_view key) const {
    const auto block = names_.parse(key);
    if (!block || block->value >= blocks_.value) return std::nullopt;
    return block;
}

uint64_t NameOrder::ordinal_of(std::string_view key) const {
    uint64_t ordinal = 0;
    for (const char c : key.substr(names_.prefix().size(), kDigits)) {
        ordinal = ordinal << 4 | digits_before(c);
    }
    return ordinal;
}

std::string NameOrder::before(uint64_t ordinal) const {
    // '/' is the character before '0'; '~' is behind all that continues a name.
    return prefix() +
           (ordinal == 0 ? "0000000/" : codec::to_hex8(static_cast<uint32_t>(ordinal - 1)) + '~');
}

uint64_t NameOrder::next(std::string_view key) const {
    if (!key.starts_with(prefix())) return key < prefix() ? 0 : kOrdinals;
    const std::string_view rest = key.substr(prefix().size());
    uint64_t begin = 0;  // the digits so far
    for (size_t i = 0; i < kDigits; ++i) {
        const size_t bits_left = 4 * (kDigits - i);
        if (i == rest.size()) return begin << bits_left;
        const uint64_t digit = digits_before(rest[i]);
        begin = begin << 4 | (digit & 15);
        if (digit == kHex.size()) return ((begin >> 4) + 1) << bits_left;
        if (kHex[digit] != rest[i]) return begin << (bits_left - 4);
    }
    // Another name of this ordinal may follow what is not the name itself.
    return hashed_ && !names_.parse(key) ? begin : begin + 1;
}

}  // namespace s3b
