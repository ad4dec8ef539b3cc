// SPDX-License-Identifier: Apache-2.0
#include "net/sigv2.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "codec/text.h"
#include "engine/base/check.h"

namespace s3b::net {

namespace {

/// The value of `name`, which is written as we write it; empty if there is none.
std::string_view value_of(std::span<const Header> headers, std::string_view name) {
    const auto found = std::ranges::find(headers, name, &Header::name);
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

std::string hmac_sha1(std::string_view key, std::string_view text) {
    std::array<std::byte, 20> digest{};
    unsigned length = 0;
    const void* const done = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
                                  reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                  reinterpret_cast<unsigned char*>(digest.data()), &length);
    CHECK(done != nullptr && length == digest.size());
    return codec::to_base64(digest);
}

}  // namespace

std::string http_date(WallTime time) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = std::chrono::system_clock::to_time_t(time);
    tm utc{};
    gmtime_r(&seconds, &utc);
    char text[64];
    const int length = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                     kDays[utc.tm_wday], utc.tm_mday, kMonths[utc.tm_mon],
                                     utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    return std::string(text, static_cast<size_t>(length));
}

std::string string_to_sign_v2(const PartsOfV2& parts) {
    std::vector<const Header*> amz;
    for (const Header& header : parts.headers) {
        if (header.name.starts_with("x-amz")) amz.push_back(&header);
    }
    std::ranges::sort(amz, {}, [](const Header* header) { return std::string_view(header->name); });
    std::string text = to_string(parts.method);
    text += '\n';
    for (const char* name : {"Content-MD5", "Content-Type", "Date"}) {
        text += value_of(parts.headers, name);
        text += '\n';
    }
    for (const Header* header : amz) text += header->name + ':' + header->value + '\n';
    text += parts.resource;
    return text;
}

std::string authorization_v2(const PartsOfV2& parts, const AccessKeys& keys) {
    return "AWS " + keys.id + ':' + hmac_sha1(keys.secret, string_to_sign_v2(parts));
}

}  // namespace s3b::net
