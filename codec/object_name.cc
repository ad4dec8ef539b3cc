// SPDX-License-Identifier: Apache-2.0
#include "codec/object_name.h"

namespace s3b::codec {

namespace {
constexpr size_t kDigits = 8;
}

std::string ObjectNames::of(BlockNumber block) const {
    std::string key = prefix_;
    for (unsigned shift = 32; shift > 0; shift -= 4) {
        key += "0123456789abcdef"[block.value >> (shift - 4) & 15];
    }
    return key;
}

std::optional<BlockNumber> ObjectNames::parse(std::string_view key) const {
    if (key.size() != prefix_.size() + kDigits || !key.starts_with(prefix_)) return std::nullopt;
    uint32_t number = 0;
    for (const char c : key.substr(prefix_.size())) {
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
    return BlockNumber(number);
}

}  // namespace s3b::codec
