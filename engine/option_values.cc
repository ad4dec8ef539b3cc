// SPDX-License-Identifier: Apache-2.0
#include "engine/option_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace s3b {

namespace {

constexpr std::string_view kUnits = "kmgtpe";  // each 10 bits more than the one before

void skip_blanks(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

/// Takes blanks and digits off the front of `text`.
Complaint read_digits(std::string_view& text, unsigned base, uint64_t max, uint64_t& value) {
    const std::string wanted = base == 8 ? "an octal number" : "a number";
    skip_blanks(text);
    if (text.empty()) return wanted + " is missing";
    if (text.front() == '-') return wanted + " without a minus sign is wanted";
    const auto is_digit = [base](char c) {
        return c >= '0' && static_cast<unsigned>(c - '0') < base;
    };
    if (!is_digit(text.front())) return wanted + " is wanted";
    uint64_t sum = 0;
    while (!text.empty() && is_digit(text.front())) {
        const auto digit = static_cast<unsigned>(text.front() - '0');
        if (sum > (max - digit) / base) return "it is too large, at most " + std::to_string(max);
        sum = sum * base + digit;
        text.remove_prefix(1);
    }
    value = sum;
    return {};
}

Complaint parse_whole(std::string_view text, unsigned base, uint32_t& into) {
    uint64_t value = 0;
    if (Complaint wrong = read_digits(text, base, std::numeric_limits<uint32_t>::max(), value)) {
        return wrong;
    }
    if (!text.empty()) {
        return "`" + std::string(text) + "' is left over; units are not understood here";
    }
    into = static_cast<uint32_t>(value);
    return {};
}

/// ASCII letters only.
bool equal_in_any_case(std::string_view left, std::string_view right) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(left, right, {}, lower, lower);
}

}  // namespace

Complaint parse_number(std::string_view text, uint32_t& into) {
    return parse_whole(text, 10, into);
}

Complaint parse_signed(std::string_view text, int32_t& into) {
    skip_blanks(text);
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (negative && text.starts_with(' ')) return std::string("a number is wanted");
    uint32_t value = 0;
    if (Complaint wrong = parse_whole(text, 10, value)) return wrong;
    if (value > uint32_t{std::numeric_limits<int32_t>::max()}) {
        return std::string("it is too large, 32 bits are not enough");
    }
    into = negative ? -static_cast<int32_t>(value) : static_cast<int32_t>(value);
    return {};
}

Complaint parse_octal(std::string_view text, uint32_t& into) { return parse_whole(text, 8, into); }

Complaint parse_size(std::string_view text, ByteCount& into) {
    static constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
    uint64_t value = 0;
    if (Complaint wrong = read_digits(text, 10, kMax, value)) return wrong;
    skip_blanks(text);
    unsigned bits = 0;
    if (!text.empty()) {
        const char letter = static_cast<char>(text.front() | 0x20);  // to lower case
        const size_t unit = kUnits.find(letter);
        if (text.size() > 1 || unit == std::string_view::npos) {
            return "`" + std::string(text) + "' is no unit; one letter of k m g t p e is";
        }
        bits = static_cast<unsigned>(unit + 1) * 10;
    }
    if (value == 0) return std::string("it must be more than 0");
    if (value > kMax >> bits) return std::string("it is too large, 64 bits are not enough");
    into = ByteCount(value << bits);
    return {};
}

Complaint parse_speed(std::string_view text, ByteCount& into) {
    ByteCount bits;
    if (Complaint wrong = parse_size(text, bits)) return wrong;
    if (bits.value < 8) return std::string("it must be at least 8 bits a second");
    into = ByteCount(bits.value / 8);
    return {};
}

Complaint parse_type_of_service(std::string_view text, uint8_t& into) {
    struct Named {
        std::string_view name;
        uint8_t value;
    };
    static constexpr Named kNames[] = {
        {"lowdelay", 0x10}, {"throughput", 0x08}, {"reliability", 0x04},
        {"lowcost", 0x02},  {"mincost", 0x02},  // RFC 1349
    };
    for (const Named& named : kNames) {
        if (text != named.name) continue;
        into = named.value;
        return {};
    }
    std::string_view digits = text;
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        digits.remove_prefix(2);
        base = 16;
    } else if (text.size() > 1 && text.starts_with('0')) {
        base = 8;
    }
    uint8_t value = 0;
    const auto [rest, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{} || rest != digits.data() + digits.size()) {
        return std::string(
            "lowdelay, throughput, reliability, lowcost, mincost or 0 to 255 is wanted");
    }
    into = value;
    return {};
}

Complaint parse_percentile(std::string_view text, double& into) {
    double value = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    const bool number = error == std::errc{} && rest == text.data() + text.size();
    if (!number || (value != 0 && !(value >= 50 && value <= 99.99)) || text.starts_with('-')) {
        return std::string("0, or a number from 50 to 99.99 is wanted");
    }
    into = value;
    return {};
}

Complaint parse_compress(std::string_view text, CompressChoice& into) {
    for (const auto algorithm : {codec::Algorithm::Deflate, codec::Algorithm::Zstd}) {
        if (!equal_in_any_case(text, codec::name_of(algorithm))) continue;
        into = {algorithm, {}};
        return {};
    }
    int32_t level = 0;
    if (parse_signed(text, level) || level < -1 || level > 9) {
        return std::string("deflate, zstd, or a level from -1 to 9 is wanted");
    }
    into = {codec::Algorithm::Deflate, level};
    return {};
}

std::string format_size(ByteCount size) {
    uint64_t value = size.value;
    size_t unit = 0;
    while (value != 0 && value % 1024 == 0 && unit < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    std::string text = std::to_string(value);
    if (unit > 0) text += kUnits[unit - 1];
    return text;
}

}  // namespace s3b
