// SPDX-License-Identifier: Apache-2.0
// Parsing and canonical form of AWS signature version 2.
#include "tests/s3_server/signature_v2.h"

#include <array>
#include <map>

#include "tests/s3_server/s3_operation.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kScheme = "AWS ";
// Parameters that belong to the resource, in order; those that this server knows.
constexpr std::array<std::string_view, 3> kSubresources{"acl", "delete", "location"};

void append_line(std::string& out, std::string_view text) {
    out += text;
    out += '\n';
}

void append_amazon_headers(std::string& out, const Request& request) {
    std::map<std::string, std::string> values;
    for (const HeaderView& item : request.headers) {
        if (starts_with_ignoring_case(item.name, "x-amz-")) {
            std::string& value = values[to_lower(item.name)];
            value += value.empty() ? "" : ",";
            value += trim(item.value);
        }
    }
    for (const auto& [name, value] : values) {
        append_line(out, name + ':' + value);
    }
}

void append_subresources(std::string& out, const Request& request) {
    char separator = '?';
    for (const std::string_view name : kSubresources) {
        if (const auto value = request.query_value(name)) {
            out += separator;
            out += name;
            out += value->empty() ? "" : "=";
            out += *value;
            separator = '&';
        }
    }
}

}  // namespace

bool is_version_2(std::string_view authorization) { return authorization.starts_with(kScheme); }

std::optional<AuthorizationV2> parse_authorization_v2(std::string_view header) {
    const std::string_view rest = trim(header.substr(kScheme.size()));
    const size_t colon = rest.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    return AuthorizationV2{rest.substr(0, colon), rest.substr(colon + 1)};
}

std::optional<std::time_t> request_time_v2(const Request& request) {
    if (const auto date = request.header("x-amz-date")) {
        const auto time = parse_amz_date(*date);
        return time ? time : parse_http_date(*date);
    }
    return parse_http_date(request.header("date").value_or(""));
}

std::string string_to_sign_v2(const Request& request, std::string_view path) {
    std::string out;
    append_line(out, request.method);
    append_line(out, request.header("content-md5").value_or(""));
    append_line(out, request.header("content-type").value_or(""));
    const bool has_own_date = request.header("x-amz-date").has_value();
    append_line(out, has_own_date ? "" : request.header("date").value_or(""));
    append_amazon_headers(out, request);
    const S3Target target = s3_target(request);
    if (target.is_virtual_host) {
        out += '/';
        out += target.bucket;
    }
    out += path;
    append_subresources(out, request);
    return out;
}

}  // namespace s3b::test
