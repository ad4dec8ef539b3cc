// SPDX-License-Identifier: Apache-2.0
#include "net/s3_reply.h"

#include <algorithm>
#include <array>

namespace s3b::net {

namespace {

template <size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
    return std::ranges::find(words, text) != words.end();
}

/// The bucket is elsewhere, whatever the status. A malformed Authorization header says so only
/// where it names the region that it should have had.
bool says_elsewhere(const ErrorDocument& document) {
    static constexpr auto kCodes = std::to_array<std::string_view>(
        {"PermanentRedirect", "TemporaryRedirect", "Redirect", "IllegalLocationConstraint",
         "IllegalLocationConstraintException"});
    if (document.code == "AuthorizationHeaderMalformed") return !document.region.empty();
    return is_one_of(document.code, kCodes);
}

/// Whether this answer to a bulk delete is that of a store that does not know it: one that takes
/// it for the upload of a form, or that refuses POST. Objects can be removed one by one then.
bool says_no_bulk_delete(int status, const ErrorDocument& document) {
    static constexpr auto kCodes = std::to_array<std::string_view>(
        {"", "InvalidArgument", "InvalidRequest", "MalformedPOSTRequest", "MalformedXML",
         "MethodNotAllowed", "NotImplemented", "UnsupportedOperation"});
    switch (status) {
        case 405:  // no POST here
        case 411:
        case 412:  // "Bucket POST must be of the enclosure-type multipart/form-data"
        case 415:
        case 501: return true;
        case 400: return is_one_of(document.code, kCodes);
        case 403: return document.code.empty();  // a proxy's, not a store's
        case 404: return document.code != "NoSuchBucket";
        default: return false;
    }
}

/// The status that the store sends with `code` when it has not begun to answer yet.
int status_of(std::string_view code) {
    static constexpr auto kForbidden =
        std::to_array<std::string_view>({"AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId",
                                         "RequestTimeTooSkewed", "SignatureDoesNotMatch"});
    static constexpr auto kServer = std::to_array<std::string_view>(
        {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown"});
    if (is_one_of(code, kForbidden)) return 403;
    if (is_one_of(code, kServer)) return 503;
    if (code == "NoSuchBucket" || code == "NoSuchKey") return 404;
    if (code == "NotImplemented") return 501;
    return 400;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

std::optional<Error> classify(Method method, int status, bool may_be_unchanged,
                              const ErrorDocument& document) {
    if (status >= 200 && status < 300) return std::nullopt;
    if (status == 304 && may_be_unchanged) {
        return Error(Errc::Unchanged, "the object has not changed");
    }
    if (status == 304) return Error(Errc::BadReply, "status 304 without a condition");
    if (says_elsewhere(document)) return Error(Errc::Redirected, "the bucket is elsewhere");
    if (status == 400 && says_expired_keys(document.code)) {
        return Error(Errc::Unauthorized, "credentials expired or unknown");
    }
    if (says_slow_down(status, document)) return Error(Errc::ServerError, "the store is busy");
    if (method == Method::Post && says_no_bulk_delete(status, document)) {
        return Error(Errc::Unsupported, "the store does not know bulk delete");
    }
    switch (status) {
        case 401: return Error(Errc::Unauthorized, "credentials refused");
        case 403: return Error(Errc::Forbidden, "access denied");
        case 404:
            if (method == Method::Delete) return std::nullopt;
            return Error(Errc::NotFound, "no such object");
        case 412: return Error(Errc::Stale, "the object has another version");
        case 501: return Error(Errc::Unsupported, "the store does not offer this");
        default: break;
    }
    if (status >= 300 && status < 400) return Error(Errc::Redirected, "redirected elsewhere");
    if (status >= 400 && status < 500) return Error(Errc::Refused, "request refused");
    if (status >= 500 && status < 600) return Error(Errc::ServerError, "server error");
    return Error(Errc::BadReply, "unknown status");
}

Error error_of(Method method, const ErrorDocument& document) {
    const auto error = classify(method, status_of(document.code), false, document);
    return error.value_or(Error(Errc::BadReply, "an error of status 200"));
}

bool says_expired_keys(std::string_view code) {
    static constexpr auto kCodes = std::to_array<std::string_view>(
        {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "TokenRefreshRequired"});
    return is_one_of(code, kCodes);
}

bool says_clock_skew(const ErrorDocument& document) {
    if (document.code == "RequestTimeTooSkewed" || document.code == "RequestExpired") return true;
    if (document.code != "AccessDenied" && document.code != "SignatureDoesNotMatch") return false;
    return contains(document.message, "Request has expired") ||
           contains(document.message, "Signature expired") ||
           contains(document.message, "Signature not yet current");
}

bool says_slow_down(int status, const ErrorDocument& document) {
    static constexpr auto kCodes =
        std::to_array<std::string_view>({"RequestLimitExceeded", "SlowDown", "Throttling",
                                         "ThrottlingException", "TooManyRequests"});
    return status == 429 || status == 503 || is_one_of(document.code, kCodes);
}

void count_status(StoreCounters& counters, int status) {
    switch (status) {
        case 301:
        case 302:
        case 307:
        case 308: ++counters.redirect; return;
        case 401: ++counters.unauthorized; return;
        case 403: ++counters.forbidden; return;
        case 404: return;  // an answer like any other
        case 412: ++counters.stale; return;
        default: break;
    }
    if (status >= 300 && status < 400) {
        ++counters.error_3xx;
    } else if (status >= 400 && status < 500) {
        ++counters.error_4xx;
    } else if (status >= 500 && status < 600) {
        ++counters.error_5xx;
    } else {
        ++counters.other_error;
    }
}

std::string redirect_hint(const HttpReply& reply) {
    const ErrorDocument document = parse_error_document(reply.error_body);
    std::string region = reply.headers.bucket_region;
    if (region.empty()) region = document.region;
    std::string endpoint = reply.headers.location;
    if (endpoint.empty()) endpoint = document.endpoint;
    if (!region.empty() && endpoint.empty()) return "try --region=" + region;
    if (!region.empty()) {
        return "try --region=" + region + ", or --baseURL: the bucket is at " + endpoint;
    }
    if (!endpoint.empty()) return "the bucket is at " + endpoint + ", try --baseURL or --region";
    return "check --region and --baseURL";
}

}  // namespace s3b::net
