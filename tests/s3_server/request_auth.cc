// SPDX-License-Identifier: Apache-2.0
// Checks of signature and digests; the codes of the errors are those of S3.
#include "tests/s3_server/request_auth.h"

#include <algorithm>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kScopeEnd = "/s3/aws4_request";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::time_t kMaxSkewSeconds = 15 * 60;
constexpr size_t kMaxSigningKeys = 64;

std::span<const unsigned char> bytes_of(std::string_view text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

// Trimmed, and each run of blanks made one.
void append_header_value(std::string& out, std::string_view value) {
    bool blank = false;
    for (const char c : trim(value)) {
        const bool is_blank = c == ' ' || c == '\t';
        if (!is_blank) {
            out += c;
        } else if (!blank) {
            out += ' ';
        }
        blank = is_blank;
    }
}

void append_canonical_query(std::string& out, const Request& request) {
    std::vector<std::string> pairs;
    for (const QueryItem& item : request.query) {
        std::string pair;
        append_percent_encoded(pair, item.name, false);
        pair += '=';
        append_percent_encoded(pair, item.value, false);
        pairs.push_back(std::move(pair));
    }
    // By name, then by value: '=' must sort before everything a name may hold.
    std::ranges::sort(pairs, [](const std::string& a, const std::string& b) {
        const size_t a_name = a.find('=');
        const size_t b_name = b.find('=');
        const int order = a.compare(0, a_name, b, 0, b_name);
        return order != 0 ? order < 0 : a.compare(a_name, a.npos, b, b_name, b.npos) < 0;
    });
    for (size_t i = 0; i < pairs.size(); ++i) {
        out += i == 0 ? "" : "&";
        out += pairs[i];
    }
}

void append_canonical_header(std::string& out, const Request& request, std::string_view name) {
    out += name;
    char separator = ':';
    for (const HeaderView& item : request.headers) {
        if (equal_ignoring_case(item.name, name)) {
            out += separator;
            append_header_value(out, item.value);
            separator = ',';
        }
    }
    out += separator == ':' ? ":\n" : "\n";
}

bool must_be_signed(std::string_view name) {
    return equal_ignoring_case(name, "host") || starts_with_ignoring_case(name, "x-amz-");
}

// First header that has to be signed and is not.
std::optional<std::string_view> unsigned_header(const Request& request,
                                                const Authorization& parts) {
    const auto is_signed = [&](std::string_view name) {
        return std::ranges::any_of(parts.signed_headers, [&](std::string_view given) {
            return equal_ignoring_case(given, name);
        });
    };
    if (!is_signed("host")) {
        return "host";
    }
    for (const HeaderView& item : request.headers) {
        if (must_be_signed(item.name) && !is_signed(item.name)) {
            return item.name;
        }
    }
    return std::nullopt;
}

Answer denied(std::string_view code, std::string_view message) {
    return error_answer(403, code, message);
}

}  // namespace

std::optional<Authorization> parse_authorization(std::string_view header) {
    if (!header.starts_with(kAlgorithm) || header.size() == kAlgorithm.size()) {
        return std::nullopt;
    }
    Authorization parts;
    std::string_view credential;
    for (std::string_view field : split(header.substr(kAlgorithm.size()), ',')) {
        field = trim(field);
        const size_t equals = field.find('=');
        if (equals == std::string_view::npos) {
            return std::nullopt;
        }
        const std::string_view name = field.substr(0, equals);
        const std::string_view value = field.substr(equals + 1);
        if (name == "Credential") {
            credential = value;
        } else if (name == "SignedHeaders") {
            parts.signed_headers = split(value, ';');
        } else if (name == "Signature") {
            parts.signature = value;
        }
    }
    const size_t slash = credential.find('/');
    if (slash == std::string_view::npos || parts.signed_headers.empty()) {
        return std::nullopt;
    }
    parts.access_id = credential.substr(0, slash);
    parts.scope = credential.substr(slash + 1);
    const std::vector<std::string_view> scope = split(parts.scope, '/');
    if (scope.size() != 4 || !parts.scope.ends_with(kScopeEnd)) {
        return std::nullopt;
    }
    parts.date = scope[0];
    parts.region = scope[1];
    return parts;
}

std::string canonical_request(const Request& request,
                              const std::vector<std::string_view>& signed_headers) {
    std::string out;
    out.reserve(1024);
    out += request.method;
    out += '\n';
    append_percent_encoded(out, request.path, true);
    out += '\n';
    append_canonical_query(out, request);
    out += '\n';
    for (const std::string_view name : signed_headers) {
        append_canonical_header(out, request, name);
    }
    out += '\n';
    for (size_t i = 0; i < signed_headers.size(); ++i) {
        out += i == 0 ? "" : ";";
        out += signed_headers[i];
    }
    out += '\n';
    out += trim(request.header("x-amz-content-sha256").value_or(""));
    return out;
}

std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                           std::string_view canonical) {
    std::string out(kAlgorithm);
    out += '\n';
    out += amz_date;
    out += '\n';
    out += scope;
    out += '\n';
    out += to_hex(sha256(canonical));
    return out;
}

std::optional<Answer> RequestAuth::check(const Request& request, std::time_t now) {
    if (!settings_.enabled) {
        return std::nullopt;
    }
    const auto header = request.header("authorization");
    const auto amz_date = request.header("x-amz-date");
    if (!header || !amz_date) {
        return denied("AccessDenied", "The request carries no signature");
    }
    const auto parts = parse_authorization(*header);
    const auto time = parse_amz_date(*amz_date);
    if (!parts || !time) {
        return error_answer(400, "AuthorizationHeaderMalformed",
                            "Authorization or x-amz-date is not well-formed");
    }
    if (parts->access_id != settings_.access_id) {
        return denied("InvalidAccessKeyId", "The access id does not exist");
    }
    const std::time_t skew = *time > now ? *time - now : now - *time;
    if (!settings_.any_date && skew > kMaxSkewSeconds) {
        return denied("RequestTimeTooSkewed", "The request's time is too far from the server's");
    }
    if (const auto name = unsigned_header(request, *parts)) {
        return denied("AccessDenied", "This header is not signed: " + std::string(*name));
    }
    if (!request.header("x-amz-content-sha256")) {
        return error_answer(400, "InvalidRequest", "x-amz-content-sha256 is missing");
    }
    return check_signature(request, *parts, *amz_date);
}

std::optional<Answer> RequestAuth::check_signature(const Request& request,
                                                   const Authorization& parts,
                                                   std::string_view amz_date) {
    if (parts.date != amz_date.substr(0, 8)) {
        return denied("SignatureDoesNotMatch", "The scope has not the date of x-amz-date");
    }
    if (!settings_.region.empty() && parts.region != settings_.region) {
        return denied("SignatureDoesNotMatch", "The region must be " + settings_.region);
    }
    if (!std::ranges::is_sorted(parts.signed_headers)) {
        return denied("SignatureDoesNotMatch", "SignedHeaders are not sorted");
    }
    for (const std::string_view name : parts.signed_headers) {
        if (name.empty() || to_lower(name) != name) {
            return denied("SignatureDoesNotMatch", "SignedHeaders are not lower case names");
        }
    }
    const std::string canonical = canonical_request(request, parts.signed_headers);
    const std::string text = string_to_sign(amz_date, parts.scope, canonical);
    if (to_hex(hmac_sha256(signing_key(parts.date, parts.region), text)) != parts.signature) {
        return denied("SignatureDoesNotMatch", "The server's canonical request is:\n" + canonical);
    }
    return std::nullopt;
}

const Sha256Digest& RequestAuth::signing_key(std::string_view date, std::string_view region) {
    std::string name(date);
    name += '/';
    name += region;
    const auto found = signing_keys_.find(name);
    if (found != signing_keys_.end()) {
        return found->second;
    }
    if (signing_keys_.size() >= kMaxSigningKeys) {
        signing_keys_.clear();
    }
    Sha256Digest key = hmac_sha256(bytes_of("AWS4" + settings_.secret), date);
    key = hmac_sha256(key, region);
    key = hmac_sha256(key, "s3");
    key = hmac_sha256(key, "aws4_request");
    return signing_keys_.emplace(std::move(name), key).first->second;
}

std::optional<Answer> check_body_digests(const Request& request) {
    if (const auto given = request.header("x-amz-content-sha256"); given != kUnsignedPayload) {
        const auto matches = [&] {
            return request.body.empty() ? *given == kEmptySha256
                                        : *given == to_hex(sha256(request.body));
        };
        if (given && !matches()) {
            return error_answer(400, "XAmzContentSHA256Mismatch",
                                "x-amz-content-sha256 is not the hash of the body");
        }
    }
    if (const auto given = request.header("content-md5")) {
        const auto digest = base64_decode(*given);
        if (!digest || digest->size() != sizeof(Md5Digest)) {
            return error_answer(400, "InvalidDigest", "Content-MD5 is not an MD5 in base64");
        }
        if (to_hex(bytes_of(*digest)) != to_hex(md5(request.body))) {
            return error_answer(400, "BadDigest", "Content-MD5 is not the hash of the body");
        }
    }
    return std::nullopt;
}

}  // namespace s3b::test
