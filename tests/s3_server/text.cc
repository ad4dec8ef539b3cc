// SPDX-License-Identifier: Apache-2.0
// Encodings of text; see the header.
#include "tests/s3_server/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace s3b::test {

namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kLowerHex = "0123456789abcdef";

int hex_value(char c) {
    const size_t at = kLowerHex.find(lower(c));
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_value(char c) {
    const size_t at = kBase64.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string format_time(std::time_t time, const char* format) {
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 64> buffer{};
    return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &parts)};
}

std::optional<std::time_t> parse_time(std::string_view text, size_t size, const char* format) {
    std::tm parts{};
    const std::string copy(text);
    const char* end = strptime(copy.c_str(), format, &parts);
    if (text.size() != size || end != copy.c_str() + copy.size()) {
        return std::nullopt;
    }
    return timegm(&parts);
}

struct Entity {
    char plain;
    std::string_view escaped;
};

constexpr std::array<Entity, 5> kEntities{{
    {'<', "&lt;"},
    {'>', "&gt;"},
    {'"', "&quot;"},
    {'\'', "&apos;"},
    {'&', "&amp;"},
}};

}  // namespace

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

void append_percent_encoded(std::string& out, std::string_view text, bool keep_slash) {
    for (const char c : text) {
        if (is_unreserved(c) || (c == '/' && keep_slash)) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += kUpperHex[byte >> 4];
            out += kUpperHex[byte & 15];
        }
    }
}

std::vector<QueryItem> parse_query(std::string_view text) {
    std::vector<QueryItem> items;
    for (const std::string_view part : split(text, '&')) {
        if (part.empty()) {
            continue;
        }
        const size_t equals = part.find('=');
        QueryItem item{percent_decode(part.substr(0, equals)), {}};
        if (equals != std::string_view::npos) {
            item.value = percent_decode(part.substr(equals + 1));
        }
        items.push_back(std::move(item));
    }
    return items;
}

std::string to_hex(std::span<const unsigned char> bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const unsigned char byte : bytes) {
        out += kLowerHex[byte >> 4];
        out += kLowerHex[byte & 15];
    }
    return out;
}

std::string base64_encode(std::span<const unsigned char> bytes) {
    std::string out;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t left = bytes.size() - i;
        const unsigned held = bytes[i] * 0x10000U + (left > 1 ? bytes[i + 1] * 0x100U : 0U) +
                              (left > 2 ? bytes[i + 2] : 0U);
        out += kBase64[held >> 18];
        out += kBase64[held >> 12 & 63];
        out += left > 1 ? kBase64[held >> 6 & 63] : '=';
        out += left > 2 ? kBase64[held & 63] : '=';
    }
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) {
        return std::nullopt;
    }
    size_t padding = 0;
    while (padding < 2 && text.ends_with('=')) {
        text.remove_suffix(1);
        ++padding;
    }
    std::string out;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const int value = base64_value(c);
        if (value < 0) {
            return std::nullopt;
        }
        held = (held << 6 | static_cast<unsigned>(value)) & 0xffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(static_cast<unsigned char>(held >> bits));
        }
    }
    return out;
}

void append_xml_escaped(std::string& out, std::string_view text) {
    while (true) {
        const size_t plain = std::min(text.find_first_of("<>\"'&"), text.size());
        out += text.substr(0, plain);
        if (plain == text.size()) {
            return;
        }
        for (const Entity& entity : kEntities) {
            if (text[plain] == entity.plain) {
                out += entity.escaped;
            }
        }
        text.remove_prefix(plain + 1);
    }
}

std::string xml_escape(std::string_view text) {
    std::string out;
    append_xml_escaped(out, text);
    return out;
}

std::string xml_unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        size_t used = 1;
        char c = text.front();
        for (const Entity& entity : kEntities) {
            if (text.starts_with(entity.escaped)) {
                c = entity.plain;
                used = entity.escaped.size();
            }
        }
        out += c;
        text.remove_prefix(used);
    }
    return out;
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\u00";
            out += kLowerHex[byte >> 4];
            out += kLowerHex[byte & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = lower(c);
    }
    return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && starts_with_ignoring_case(a, b);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
    if (text.size() < start.size()) {
        return false;
    }
    for (size_t i = 0; i < start.size(); ++i) {
        if (lower(text[i]) != lower(start[i])) {
            return false;
        }
    }
    return true;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

std::optional<uint64_t> parse_number(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::string http_date(std::time_t time) { return format_time(time, "%a, %d %b %Y %H:%M:%S GMT"); }

std::string iso_date(std::time_t time) { return format_time(time, "%Y-%m-%dT%H:%M:%S.000Z"); }

std::string iso_seconds(std::time_t time) { return format_time(time, "%Y-%m-%dT%H:%M:%SZ"); }

std::optional<std::time_t> parse_http_date(std::string_view text) {
    return parse_time(text, 29, "%a, %d %b %Y %H:%M:%S GMT");
}

std::optional<std::time_t> parse_amz_date(std::string_view text) {
    return parse_time(text, 16, "%Y%m%dT%H%M%SZ");
}

}  // namespace s3b::test
