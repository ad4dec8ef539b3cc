// SPDX-License-Identifier: Apache-2.0
// Parsing and canonical forms of AWS signature version 4.
#include "tests/s3_server/signature_v4.h"

#include <algorithm>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kScopeEnd = "/s3/aws4_request";

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

}  // namespace s3b::test
