// SPDX-License-Identifier: Apache-2.0
#include "net/sigv4.h"

#include <openssl/crypto.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include "codec/text.h"
#include "codec/wipe.h"

namespace s3b::net {

namespace {

constexpr size_t kDayLength = 8;

struct CanonicalHeader {
    std::string name;
    std::string_view value;
};

std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

std::vector<CanonicalHeader> sorted(std::span<const Header> headers, std::string_view host) {
    std::vector<CanonicalHeader> result;
    result.reserve(headers.size() + 1);
    result.push_back({"host", host});
    for (const Header& header : headers) result.push_back({lower_case(header.name), header.value});
    std::ranges::sort(result, {}, &CanonicalHeader::name);
    return result;
}

std::string joined_names(std::span<const CanonicalHeader> headers) {
    std::string names;
    for (const CanonicalHeader& header : headers) {
        if (!names.empty()) names += ';';
        names += header.name;
    }
    return names;
}

/// `query` with a '=' behind each parameter that has none, such as `delete`.
std::string canonical_query(std::string_view query) {
    std::string result;
    for (size_t begin = 0; begin < query.size();) {
        const size_t end = std::min(query.find('&', begin), query.size());
        const std::string_view parameter = query.substr(begin, end - begin);
        if (!result.empty()) result += '&';
        result += parameter;
        if (parameter.find('=') == std::string_view::npos) result += '=';
        begin = end + 1;
    }
    return result;
}

std::string scope_of(std::string_view day, std::string_view region) {
    return std::string(day) + '/' + std::string(region) + "/s3/aws4_request";
}

}  // namespace

std::string amz_date(WallTime time) {
    const time_t seconds = std::chrono::system_clock::to_time_t(time);
    tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    const size_t length = strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return std::string(text, length);
}

std::string signed_header_names(std::span<const Header> headers) {
    return joined_names(sorted(headers, {}));
}

std::string canonical_request(const SignedParts& parts) {
    const std::vector<CanonicalHeader> headers = sorted(parts.headers, parts.host);
    std::string text = to_string(parts.method);
    text += '\n';
    text += codec::percent_encode(parts.path, codec::Slash::Keep);
    text += '\n';
    text += canonical_query(parts.query);
    text += '\n';
    for (const CanonicalHeader& header : headers) {
        text += header.name;
        text += ':';
        text += header.value;
        text += '\n';
    }
    text += '\n';
    text += joined_names(headers);
    text += '\n';
    text += parts.body_hash;
    return text;
}

std::string string_to_sign(std::string_view date, std::string_view region,
                           std::string_view canonical) {
    std::string text = "AWS4-HMAC-SHA256\n";
    text += date;
    text += '\n';
    text += scope_of(date.substr(0, kDayLength), region);
    text += '\n';
    text += codec::to_hex(codec::sha256(codec::bytes_of(canonical)).bytes);
    return text;
}

Signer::Signer(const std::string& access_id, const std::string& access_key,
               const std::string& region)
    : access_id_(access_id), access_key_(access_key), region_(region) {}

Signer::~Signer() { codec::wipe(access_key_); }

const codec::HmacSha256& Signer::key_of(std::string_view day) {
    if (key_.has_value() && day_ == day) return *key_;
    std::string secret = "AWS4" + access_key_;
    Sha256 key = codec::hmac_sha256(codec::bytes_of(secret), codec::bytes_of(day));
    codec::wipe(secret);
    key = codec::hmac_sha256(key.bytes, codec::bytes_of(region_));
    key = codec::hmac_sha256(key.bytes, codec::bytes_of("s3"));
    key = codec::hmac_sha256(key.bytes, codec::bytes_of("aws4_request"));
    key_.emplace(key.bytes);
    OPENSSL_cleanse(key.bytes.data(), key.bytes.size());
    day_ = day;
    return *key_;
}

std::string Signer::authorization(const SignedParts& parts, std::string_view date) {
    const std::string_view day = date.substr(0, kDayLength);
    const std::string text = string_to_sign(date, region_, canonical_request(parts));
    const Sha256 signature = key_of(day)(codec::bytes_of(text));
    std::string value = "AWS4-HMAC-SHA256 Credential=" + access_id_ + '/' + scope_of(day, region_);
    value += ", SignedHeaders=" + signed_header_names(parts.headers);
    value += ", Signature=" + codec::to_hex(signature.bytes);
    return value;
}

}  // namespace s3b::net
