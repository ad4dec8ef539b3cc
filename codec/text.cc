// SPDX-License-Identifier: Apache-2.0
#include "codec/text.h"

#include <algorithm>

namespace s3b::codec {

namespace {

int value_of_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int value_of_base64(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '~' || c == '.';
}

}  // namespace

std::string to_hex8(uint32_t number) {
    std::string text;
    for (unsigned shift = 32; shift > 0; shift -= 4) {
        text += "0123456789abcdef"[number >> (shift - 4) & 15];
    }
    return text;
}

std::string to_hex(std::span<const std::byte> bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte b : bytes) {
        text += kDigits[std::to_integer<unsigned>(b) >> 4];
        text += kDigits[std::to_integer<unsigned>(b) & 15];
    }
    return text;
}

bool from_hex(std::string_view text, std::span<std::byte> into) {
    if (text.size() != into.size() * 2) return false;
    for (size_t i = 0; i < into.size(); ++i) {
        const int high = value_of_digit(text[2 * i]);
        const int low = value_of_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        into[i] = static_cast<std::byte>(high * 16 + low);
    }
    return true;
}

std::string to_base64(std::span<const std::byte> bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t present = bytes.size() - i < 3 ? bytes.size() - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; ++k) {
            group = group << 8 | (k < present ? std::to_integer<uint32_t>(bytes[i + k]) : 0);
        }
        text += kDigits[group >> 18];
        text += kDigits[group >> 12 & 63];
        text += present > 1 ? kDigits[group >> 6 & 63] : '=';
        text += present > 2 ? kDigits[group & 63] : '=';
    }
    return text;
}

bool from_base64(std::string_view text, std::span<std::byte> into) {
    if (text.size() != (into.size() + 2) / 3 * 4) return false;
    const size_t digits = (into.size() * 8 + 5) / 6;  // the rest is padding
    if (text.find_first_not_of('=', digits) != std::string_view::npos) return false;
    uint32_t bits = 0;
    unsigned held = 0;  // of the bits
    size_t filled = 0;
    for (const char c : text.substr(0, digits)) {
        const int value = value_of_base64(c);
        if (value < 0) return false;
        bits = bits << 6 | static_cast<uint32_t>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        into[filled++] = static_cast<std::byte>(bits >> held & 0xff);
    }
    return (bits & ((1U << held) - 1)) == 0;  // what is left over is nothing
}

std::string percent_encode(std::string_view text, Slash slash) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c) || (c == '/' && slash == Slash::Keep)) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += kDigits[byte >> 4];
        encoded += kDigits[byte & 15];
    }
    return encoded;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace s3b::codec
