// SPDX-License-Identifier: Apache-2.0
#include "engine/listen_place.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>

namespace s3b {

namespace {

std::optional<uint16_t> parse_port(std::string_view text) {
    uint16_t port = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return port;
}

}  // namespace

std::optional<SocketAddress> address_of(const ListenPlace& place) {
    SocketAddress address;
    if (!place.path.empty()) {
        auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
        if (place.path.size() >= sizeof local.sun_path) return std::nullopt;
        local.sun_family = AF_UNIX;
        std::memcpy(local.sun_path, place.path.data(), place.path.size());
        address.length = sizeof local;
        return address;
    }
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    if (inet_pton(AF_INET, place.address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(place.port);
        address.length = sizeof v4;
        return address;
    }
    if (inet_pton(AF_INET6, place.address.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(place.port);
    address.length = sizeof v6;
    return address;
}

std::optional<ListenPlace> parse_listen_place(std::string_view text) {
    ListenPlace place;
    if (text.starts_with('/')) {
        place.path = text;
        return address_of(place) ? std::optional(place) : std::nullopt;
    }
    const size_t colon = text.rfind(':');
    std::string_view address =
        colon == std::string_view::npos ? "127.0.0.1" : text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
    }
    place.address = address;
    const auto port = parse_port(colon == std::string_view::npos ? text : text.substr(colon + 1));
    if (!port || !address_of(place)) return std::nullopt;
    place.port = *port;
    return place;
}

}  // namespace s3b
