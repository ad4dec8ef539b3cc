// SPDX-License-Identifier: Apache-2.0
// Where a server of ours listens (metricsListen). Pure.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace s3b {

struct ListenPlace {
    std::string address;  // numeric; empty: `path`
    uint16_t port = 0;    // 0: any that is free
    std::string path;     // absolute, of a socket

    ListenPlace() = default;
};

/// A port (of 127.0.0.1), ADDRESS:PORT, [ADDRESS]:PORT, or the absolute path of a socket; nullopt:
/// none of these.
std::optional<ListenPlace> parse_listen_place(std::string_view text);

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};
/// nullopt: the address is not numeric, or the path is too long.
std::optional<SocketAddress> address_of(const ListenPlace& place);

}  // namespace s3b
