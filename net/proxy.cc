// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdlib>
#include <initializer_list>

namespace s3b::net {

namespace {

std::string environment(std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value != '\0') return value;
    }
    return {};
}

}  // namespace

std::string proxy_from_environment(bool tls) {
    if (tls) return environment({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    return environment({"http_proxy", "all_proxy", "ALL_PROXY"});
}

std::string hosts_without_proxy() { return environment({"no_proxy", "NO_PROXY"}); }

bool is_link_local(std::string_view url) {
    const size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return false;
    std::string_view host = url.substr(scheme + 3);
    if (host.starts_with('[')) {
        const std::string text(host.substr(1, host.find_first_of("]%") - 1));
        in6_addr address{};
        if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return false;
        return IN6_IS_ADDR_LINKLOCAL(&address) || text == "fd00:ec2::254";
    }
    const std::string text(host.substr(0, host.find_first_of(":/?#")));
    in_addr address{};
    if (inet_pton(AF_INET, text.c_str(), &address) != 1) return false;
    return ntohl(address.s_addr) >> 16 == (169 << 8 | 254);
}

}  // namespace s3b::net
