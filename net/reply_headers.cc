// SPDX-License-Identifier: Apache-2.0
#include "net/reply_headers.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "codec/text.h"

namespace s3b::net {

namespace {

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<ByteCount> parse_size(std::string_view text) {
    const auto number = parse_number<uint64_t>(text, 10);
    if (!number || *number == 0) return std::nullopt;
    return ByteCount(*number);
}

/// A quote, the digits of a digest, a quote, the end.
template <class Digest>
std::optional<Digest> parse_quoted(std::string_view text) {
    Digest digest;
    const size_t length = 2 * digest.bytes.size() + 2;
    if (text.size() != length || text.front() != '"' || text.back() != '"') return std::nullopt;
    if (!codec::from_hex(text.substr(1, length - 2), digest.bytes)) return std::nullopt;
    return digest;
}

/// Seconds since 1970 are enough for a header. libcurl reads all three forms, in any locale, and
/// years that no WallTime can hold.
std::optional<WallTime> parse_date(const std::string& text) {
    constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::max());
    const std::chrono::seconds seconds(curl_getdate(text.c_str(), nullptr));
    if (seconds.count() < 0 || seconds > kLast.time_since_epoch()) return std::nullopt;
    return WallTime(seconds);
}

}  // namespace

ETag parse_etag(std::string_view value) { return parse_quoted<Md5>(value); }

std::optional<Sha1> parse_hmac(std::string_view value) {
    const std::optional<Sha1> hmac = parse_quoted<Sha1>(value);
    return hmac == Sha1() ? std::nullopt : hmac;
}

bool ReplyHeaders::skip_line(std::string_view line) {
    ++lines_;
    bytes_ += line.size();
    return lines_ <= kMaxLines && bytes_ <= kMaxBytes;
}

bool ReplyHeaders::add_line(std::string_view line) {
    if (line.starts_with("HTTP/")) {
        // Interim answers count too: an endless row of them must end.
        const size_t lines = lines_;
        const size_t bytes = bytes_;
        *this = ReplyHeaders();
        lines_ = lines;
        bytes_ = bytes;
    }
    if (!skip_line(line)) return false;
    if (line.size() > kMaxLineBytes) return true;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    take(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    return true;
}

void ReplyHeaders::take(std::string_view name, std::string_view value) {
    if (codec::same_ignoring_case(name, "etag")) {
        etag = parse_etag(value);
    } else if (codec::same_ignoring_case(name, "content-encoding")) {
        meta.content_encoding = value;
    } else if (codec::same_ignoring_case(name, "content-length")) {
        const auto length = parse_number<uint64_t>(value, 10);
        if (length) content_length = ByteCount(*length);
    } else if (codec::same_ignoring_case(name, "location")) {
        location = value;
    } else if (codec::same_ignoring_case(name, "date")) {
        date = parse_date(std::string(value));
        settle_retry_after();
    } else if (codec::same_ignoring_case(name, "retry-after")) {
        retry_text_ = value;
        settle_retry_after();
    } else {
        take_of_amazon(name, value);
    }
}

void ReplyHeaders::take_of_amazon(std::string_view name, std::string_view value) {
    if (codec::same_ignoring_case(name, "x-amz-meta-s3backer-blocksize")) {
        meta.block_size = parse_size(value);
    } else if (codec::same_ignoring_case(name, "x-amz-meta-s3backer-filesize")) {
        meta.file_size = parse_size(value);
    } else if (codec::same_ignoring_case(name, "x-amz-meta-s3backer-mount-token")) {
        meta.mount_token = parse_number<uint32_t>(value, 16);
    } else if (codec::same_ignoring_case(name, "x-amz-meta-s3backer-hmac")) {
        meta.hmac = parse_hmac(value);
    } else if (codec::same_ignoring_case(name, "x-amz-bucket-region")) {
        bucket_region = value;
    } else if (codec::same_ignoring_case(name, "x-amz-server-side-encryption")) {
        encryption = value;
    } else if (codec::same_ignoring_case(name, "x-amz-server-side-encryption-customer-algorithm")) {
        customer_encryption = value;
    } else if (codec::same_ignoring_case(name, "x-amz-storage-class")) {
        storage_class = value;
    }
}

void ReplyHeaders::settle_retry_after() {
    retry_after.reset();
    if (retry_text_.empty()) return;
    constexpr auto kMost = std::chrono::duration_cast<std::chrono::seconds>(kMaxRetryAfter);
    const bool digits = retry_text_.find_first_not_of("0123456789") == std::string::npos;
    if (digits) {
        const auto seconds = parse_number<uint64_t>(retry_text_, 10);
        const auto most = static_cast<uint64_t>(kMost.count());
        retry_after = std::chrono::seconds(std::min(seconds.value_or(most), most));
        return;
    }
    const std::optional<WallTime> at = parse_date(retry_text_);
    if (!at || !date) return;
    retry_after = std::clamp<Duration>(*at - *date, Duration::zero(), kMaxRetryAfter);
}

}  // namespace s3b::net
