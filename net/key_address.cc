// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <memory>

#include "net/key_server.h"

namespace s3b::net {

namespace {

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::optional<std::string> part(const Url& url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url.get(), which, &text, 0) != CURLUE_OK) return std::nullopt;
    std::string copy(text);
    curl_free(text);
    return copy;
}

}  // namespace

std::optional<KeyAddress> parse_key_address(const std::string& text) {
    // libcurl would take schemes in capitals, which the choice of the TLS settings does not expect.
    KeyAddress address;
    address.tls = text.starts_with("https://");
    if (!address.tls && !text.starts_with("http://")) return std::nullopt;
    const Url url(curl_url(), &curl_url_cleanup);
    if (url == nullptr || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
        return std::nullopt;
    }
    const bool plain = !part(url, CURLUPART_USER) && !part(url, CURLUPART_PASSWORD) &&
                       !part(url, CURLUPART_ZONEID) && !part(url, CURLUPART_FRAGMENT);
    const auto host = part(url, CURLUPART_HOST);
    if (!plain || !host || host->empty()) return std::nullopt;
    address.host = *host;
    return address;
}

}  // namespace s3b::net
