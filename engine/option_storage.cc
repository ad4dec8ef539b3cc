// SPDX-License-Identifier: Apache-2.0
// What the store is to do with objects: their storage class and their encryption by the server.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "codec/text.h"
#include "codec/wipe.h"
#include "engine/option_checks.h"
#include "engine/secret_file.h"
#include "net/s3_request.h"

namespace s3b {

namespace {

constexpr size_t kCustomerKeyBytes = 32;
constexpr size_t kCustomerKeyDigits = 44;  // of its base64
constexpr std::string_view kReducedRedundancy = "REDUCED_REDUNDANCY";

std::string invalid(std::string_view option, std::string_view value) {
    return "invalid value `" + std::string(value) + "' of option `" + std::string(option) + "': ";
}

/// It becomes a header's value.
bool is_one_word(std::string_view text) {
    const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
    return !text.empty() && std::ranges::all_of(text, visible);
}

/// `host` is HOST, HOST:PORT or [ADDRESS]:PORT.
bool is_loopback(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, host.find(']')) == "[::1";
    const std::string name(host.substr(0, host.find(':')));
    if (name == "localhost" || name.ends_with(".localhost")) return true;
    in_addr address{};
    return inet_pton(AF_INET, name.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/// The key in the text of its file: 32 bytes, or their base64 and maybe the end of a line.
bool take_customer_key(std::string_view text, std::string& key) {
    key.assign(kCustomerKeyBytes, '\0');
    if (text.size() == kCustomerKeyBytes) {
        std::ranges::copy(text, key.begin());
        return true;
    }
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    if (codec::from_base64(text, std::as_writable_bytes(std::span(key)))) return true;
    codec::wipe(key);
    return false;
}

}  // namespace

Complaint settle_storage_class(Draft& draft, const Environment&) {
    static constexpr auto kKnown = std::to_array<std::string_view>(
        {"STANDARD", "STANDARD_IA", "REDUCED_REDUNDANCY", "ONEZONE_IA", "INTELLIGENT_TIERING",
         "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "OUTPOSTS", "EXPRESS_ONEZONE"});
    std::string& storage_class = draft.config.s3.storage_class;
    if (draft.rrs) {
        draft.messages.push_back("warning: `rrs' is outdated; give `storageClass=" +
                                 std::string(kReducedRedundancy) + "'");
        storage_class = kReducedRedundancy;
    }
    if (!draft.storage_class) return {};
    storage_class = *draft.storage_class;
    if (!is_one_word(storage_class)) {
        return invalid("storageClass", storage_class) + "the name of a class is wanted";
    }
    if (std::ranges::find(kKnown, storage_class) == kKnown.end()) {
        draft.messages.push_back("warning: storage class `" + storage_class +
                                 "' is not known here; the store must know it");
    }
    return {};
}

Complaint settle_sse(Draft& draft, const Environment&) {
    if (!draft.sse) return {};
    net::S3Settings& s3 = draft.config.s3;
    s3.sse = *draft.sse;
    if (s3.sse == "AES256") return {};
    if (s3.sse != "aws:kms") return invalid("sse", s3.sse) + "AES256 or aws:kms is wanted";
    if (s3.sse_key_id.empty()) return std::string("`sse=aws:kms' needs `sse-key-id'");
    if (!is_one_word(s3.sse_key_id)) {
        return invalid("sse-key-id", s3.sse_key_id) + "the id of a key is wanted";
    }
    return {};
}

Complaint settle_customer_key(Draft& draft, const Environment& environment) {
    if (!draft.customer_key_file || draft.config.test) return {};
    if (draft.sse) return std::string("`sse' and `sseCustomerKeyFile' exclude each other");
    net::S3Settings& s3 = draft.config.s3;
    const auto endpoint = net::parse_endpoint(s3.base_url, s3.bucket, s3.vhost);
    if (!endpoint || (!endpoint->tls && !is_loopback(endpoint->host))) {
        return "`sseCustomerKeyFile' sends the key with each request, so the base URL `" +
               s3.base_url + "' must be https";
    }
    const std::string& file = *draft.customer_key_file;
    // More than any key has, so that a longer one is noticed.
    std::optional<std::string> text =
        read_secret_file(absolute_path(file, environment.directory), 2 * kCustomerKeyDigits);
    if (!text) return "key file `" + file + "' cannot be read: " + std::strerror(errno);
    const bool taken = take_customer_key(*text, s3.sse_customer_key);
    codec::wipe(*text);
    if (taken) return {};
    return "key file `" + file + "' does not hold a key: 32 bytes, or their base64, are wanted";
}

}  // namespace s3b
