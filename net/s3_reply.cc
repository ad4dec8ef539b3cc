// SPDX-License-Identifier: Apache-2.0
#include "net/s3_reply.h"

#include <algorithm>

namespace s3b::net {

std::optional<Error> classify(Method method, int status, bool may_be_unchanged) {
    if (status >= 200 && status < 300) return std::nullopt;
    switch (status) {
        case 304:
            if (may_be_unchanged) return Error(Errc::Unchanged, "the object has not changed");
            return Error(Errc::BadReply, "status 304 without a condition");
        case 401: return Error(Errc::Unauthorized, "credentials refused");
        case 403: return Error(Errc::Forbidden, "access denied");
        case 404:
            if (method == Method::Delete) return std::nullopt;
            return Error(Errc::NotFound, "no such object");
        case 412: return Error(Errc::Stale, "the object has another version");
        case 429: return Error(Errc::ServerError, "too many requests");
        default: break;
    }
    if (status >= 300 && status < 400) return Error(Errc::Redirected, "redirected elsewhere");
    if (status >= 400 && status < 500) return Error(Errc::Refused, "request refused");
    if (status >= 500 && status < 600) return Error(Errc::ServerError, "server error");
    return Error(Errc::BadReply, "unknown status");
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

std::string error_tag(std::string_view document, std::string_view tag) {
    const std::string open = '<' + std::string(tag) + '>';
    const std::string close = "</" + std::string(tag) + '>';
    const size_t begin = document.find(open);
    if (begin == std::string_view::npos) return {};
    const size_t text = begin + open.size();
    const size_t end = document.find(close, text);
    if (end == std::string_view::npos) return {};
    std::string value(document.substr(text, std::min(end - text, kMaxTagText)));
    for (char& c : value) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return value;
}

std::string redirect_hint(const HttpReply& reply) {
    std::string region = reply.headers.bucket_region;
    if (region.empty()) region = error_tag(reply.error_body, "Region");
    std::string endpoint = reply.headers.location;
    if (endpoint.empty()) endpoint = error_tag(reply.error_body, "Endpoint");
    if (!region.empty()) return "try --region=" + region;
    if (!endpoint.empty()) return "the bucket is at " + endpoint + ", try --baseURL or --region";
    return "check --region and --baseURL";
}

}  // namespace s3b::net
