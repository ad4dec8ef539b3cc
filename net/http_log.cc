// SPDX-License-Identifier: Apache-2.0
#include "net/http_log.h"

#include <algorithm>
#include <array>

#include "engine/base/log.h"

namespace s3b::net {

namespace {

constexpr std::string_view kHidden = "(hidden)";

constexpr auto kSecretHeaders = std::to_array<std::string_view>({
    "cookie",
    "set-cookie",
    "x-amz-security-token",
    "x-aws-ec2-metadata-token",
});
constexpr auto kAuthorizations =
    std::to_array<std::string_view>({"authorization", "proxy-authorization"});
/// Also that of a copy's source, and the digests of a key.
constexpr std::string_view kCustomerKey = "server-side-encryption-customer-key";
/// In a query, each with the '=' that follows.
constexpr auto kSecretParameters = std::to_array<std::string_view>({
    "signature=",  // of version 2, and the end of X-Amz-Signature
    "x-amz-security-token=",
    "x-amz-credential=",
    "awsaccesskeyid=",
});

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

/// The scheme and, of version 4, whose credential it is; not the signature.
std::string redacted_authorization(std::string_view value) {
    const size_t blank = value.find(' ');
    if (blank == std::string_view::npos) return std::string(kHidden);  // who knows what it is
    std::string result(value.substr(0, blank + 1));
    constexpr std::string_view kCredential = "Credential=";
    const size_t credential = value.find(kCredential, blank);
    if (credential != std::string_view::npos) {
        const size_t end = value.find_first_of(", ", credential);
        result += value.substr(credential, end - credential);
        result += ", ";
    }
    return result += kHidden;
}

/// Replaces what follows each `name` in `line`, up to the end of the parameter.
void hide_parameter(std::string& line, std::string_view name) {
    size_t at = 0;
    while ((at = lower(line).find(name, at)) != std::string::npos) {
        at += name.size();
        const size_t end = std::min(line.find_first_of("& \t\r\n\"'<>,", at), line.size());
        line.replace(at, end - at, kHidden);
        at += kHidden.size();
    }
}

/// Hides the name and the password in scheme://name:password@host.
void hide_password(std::string& line) {
    size_t at = 0;
    while ((at = line.find("://", at)) != std::string::npos) {
        at += 3;
        const size_t end = std::min(line.find_first_of("/?# \t\r\n\"'", at), line.size());
        const size_t sign = line.rfind('@', end);
        if (sign != std::string::npos && sign >= at && sign < end) {
            line.replace(at, sign - at, kHidden);
        }
    }
}

}  // namespace

std::string redacted(std::string_view line) {
    const size_t colon = line.find(':');
    std::string result;
    if (colon != std::string_view::npos) {
        const std::string name = lower(line.substr(0, colon));
        const std::string_view head = line.substr(0, colon + 1);
        const size_t begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
        if (std::ranges::find(kSecretHeaders, name) != kSecretHeaders.end() ||
            name.find(kCustomerKey) != std::string::npos) {
            return std::string(head) + ' ' + std::string(kHidden);
        }
        if (std::ranges::find(kAuthorizations, name) != kAuthorizations.end()) {
            return std::string(head) + ' ' + redacted_authorization(line.substr(begin));
        }
    }
    result = line;
    for (const std::string_view parameter : kSecretParameters) hide_parameter(result, parameter);
    hide_password(result);
    if (result.size() > kMaxLoggedLine) result.resize(kMaxLoggedLine);
    return result;
}

void HttpLog::take_lines(const char* text, std::string_view data) {
    while (!data.empty()) {
        const size_t end = data.find('\n');
        std::string_view line = data.substr(0, end);
        data.remove_prefix(end == std::string_view::npos ? data.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        log::write_unlimited(log::Level::Debug, text,
                             {log::kv("lane", uint64_t{lane_}), log::kv("line", redacted(line))});
    }
}

void HttpLog::take(curl_infotype type, std::string_view data) {
    const auto log_size = [this, data](const char* text) {
        log::write_unlimited(
            log::Level::Debug, text,
            {log::kv("lane", uint64_t{lane_}), log::kv("bytes", uint64_t{data.size()})});
    };
    switch (type) {
        case CURLINFO_TEXT: take_lines("HTTP connection", data); break;
        case CURLINFO_HEADER_IN: take_lines("HTTP answer", data); break;
        case CURLINFO_HEADER_OUT: {
            // The rest of a line does not say whose it is: it is left out.
            const size_t rest = within_line_ ? std::min(data.find('\n'), data.size()) : 0;
            within_line_ = !data.ends_with('\n');
            take_lines("HTTP request", data.substr(rest));
            break;
        }
        case CURLINFO_DATA_IN: log_size("HTTP answer, bytes of the body"); break;
        case CURLINFO_DATA_OUT: log_size("HTTP request, bytes of the body"); break;
        default: break;  // bytes of TLS
    }
}

int HttpLog::on_debug(CURL*, curl_infotype type, char* data, size_t size, void* log) {
    static_cast<HttpLog*>(log)->take(type, {data, size});
    return 0;
}

}  // namespace s3b::net
