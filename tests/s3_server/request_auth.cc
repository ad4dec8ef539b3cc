// SPDX-License-Identifier: Apache-2.0
// Checks of signature and digests; the codes of the errors are those of S3.
#include "tests/s3_server/request_auth.h"

#include <algorithm>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::time_t kMaxSkewSeconds = 15 * 60;
constexpr size_t kMaxSigningKeys = 64;
constexpr size_t kMaxRetired = 1000;  // older ones are unknown, not expired

std::span<const unsigned char> bytes_of(std::string_view text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
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

Answer unknown_id_answer() { return denied("InvalidAccessKeyId", "The access id does not exist"); }

Answer expired_answer() {
    return error_answer(400, "ExpiredToken", "The credentials have expired");
}

// The text of headers, one a line, without the customer's encryption key.
std::string without_secrets(std::string text) {
    constexpr std::string_view kSecret = "x-amz-server-side-encryption-customer-key:";
    const size_t at = text.find(kSecret);
    if (at != std::string::npos) {
        const size_t begin = at + kSecret.size();
        text.replace(begin, text.find('\n', begin) - begin, "(not shown)");
    }
    return text;
}

}  // namespace

std::optional<Answer> RequestAuth::check(const Request& request, std::time_t now) {
    if (!settings_.enabled) {
        return std::nullopt;
    }
    const auto header = request.header("authorization");
    if (!header) {
        return denied("AccessDenied", "The request carries no signature");
    }
    return is_version_2(*header) ? check_version_2(request, *header, now)
                                 : check_version_4(request, *header, now);
}

void RequestAuth::rotate(std::string access_id, std::string secret, std::string session_token,
                         bool expired) {
    if (retired_.size() == kMaxRetired) {
        retired_.erase(retired_.begin());
    }
    retired_.push_back(
        {std::move(settings_.access_id), std::move(settings_.session_token), expired});
    settings_.access_id = std::move(access_id);
    settings_.secret = std::move(secret);
    settings_.session_token = std::move(session_token);
    signing_keys_.clear();
}

std::optional<Answer> RequestAuth::check_version_2(const Request& request, std::string_view header,
                                                   std::time_t now) const {
    const auto parts = parse_authorization_v2(header);
    if (!parts) {
        return error_answer(400, "InvalidArgument", "Authorization is not AWS ID:SIGNATURE");
    }
    const auto time = request_time_v2(request);
    if (!time) {
        return denied("AccessDenied", "A valid Date or x-amz-date header is needed");
    }
    if (auto refusal = check_access_id(parts->access_id)) {
        return refusal;
    }
    if (auto refusal = check_time(*time, now)) {
        return refusal;
    }
    // The rules want the path as sent; signers that take it decoded differ in odd keys only.
    for (const std::string& path : {request.path, request.raw_path}) {
        const auto digest = hmac_sha1(settings_.secret, string_to_sign_v2(request, path));
        if (base64_encode(digest) == parts->signature) {
            return std::nullopt;
        }
    }
    return denied("SignatureDoesNotMatch",
                  "The server's string to sign is:\n" +
                      without_secrets(string_to_sign_v2(request, request.raw_path)));
}

std::optional<Answer> RequestAuth::check_version_4(const Request& request, std::string_view header,
                                                   std::time_t now) {
    const auto amz_date = request.header("x-amz-date");
    if (!amz_date) {
        return denied("AccessDenied", "x-amz-date is missing");
    }
    const auto parts = parse_authorization(header);
    const auto time = parse_amz_date(*amz_date);
    if (!parts || !time) {
        return error_answer(400, "AuthorizationHeaderMalformed",
                            "Authorization or x-amz-date is not well-formed");
    }
    if (auto refusal = check_access_id(parts->access_id)) {
        return refusal;
    }
    if (auto refusal = check_session_token(request)) {
        return refusal;
    }
    if (auto refusal = check_time(*time, now)) {
        return refusal;
    }
    if (const auto name = unsigned_header(request, *parts)) {
        return denied("AccessDenied", "This header is not signed: " + std::string(*name));
    }
    if (!request.header("x-amz-content-sha256")) {
        return error_answer(400, "InvalidRequest", "x-amz-content-sha256 is missing");
    }
    return check_signature(request, *parts, *amz_date);
}

std::optional<Answer> RequestAuth::check_access_id(std::string_view access_id) const {
    if (access_id == settings_.access_id) {
        return std::nullopt;
    }
    const auto known =
        std::ranges::find(retired_.rbegin(), retired_.rend(), access_id, &Retired::access_id);
    return known != retired_.rend() && known->expired ? expired_answer() : unknown_id_answer();
}

std::optional<Answer> RequestAuth::check_session_token(const Request& request) const {
    const auto token = request.header("x-amz-security-token");
    if (settings_.session_token.empty() || token == settings_.session_token) {
        return std::nullopt;
    }
    if (!token) {
        return unknown_id_answer();
    }
    const auto known =
        std::ranges::find(retired_.rbegin(), retired_.rend(), *token, &Retired::session_token);
    if (known == retired_.rend()) {
        return error_answer(400, "InvalidToken", "x-amz-security-token is not the session's");
    }
    return known->expired ? expired_answer() : unknown_id_answer();
}

std::optional<Answer> RequestAuth::check_time(std::time_t time, std::time_t now) const {
    const std::time_t skew = time > now ? time - now : now - time;
    if (!settings_.any_date && skew > kMaxSkewSeconds) {
        return denied("RequestTimeTooSkewed", "The request's time is too far from the server's");
    }
    return std::nullopt;
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
        return denied("SignatureDoesNotMatch",
                      "The server's canonical request is:\n" + without_secrets(canonical));
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

std::optional<Answer> check_body_digests(Request& request, BodyDigests digests) {
    const bool trusted = digests == BodyDigests::kTrusted;
    const auto given_sha256 = request.header("x-amz-content-sha256");
    if (given_sha256 && given_sha256 != kUnsignedPayload && !trusted) {
        const auto matches = [&] {
            return request.body.empty() ? *given_sha256 == kEmptySha256
                                        : *given_sha256 == to_hex(sha256(request.body));
        };
        if (!matches()) {
            return error_answer(400, "XAmzContentSHA256Mismatch",
                                "x-amz-content-sha256 is not the hash of the body");
        }
    }
    if (const auto given = request.header("content-md5")) {
        const auto digest = base64_decode(*given);
        Md5Digest md5_given{};
        if (!digest || digest->size() != md5_given.size()) {
            return error_answer(400, "InvalidDigest", "Content-MD5 is not an MD5 in base64");
        }
        std::ranges::copy(bytes_of(*digest), md5_given.begin());
        if (!trusted && md5_given != md5(request.body)) {
            return error_answer(400, "BadDigest", "Content-MD5 is not the hash of the body");
        }
        request.body_md5 = md5_given;
    }
    return std::nullopt;
}

}  // namespace s3b::test
