// SPDX-License-Identifier: Apache-2.0
// Keys from the credential service of a container: ECS, and EKS with Pod Identity.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "net/key_server.h"
#include "net/secret.h"
#include "net/small_file.h"
#include "net/source_kinds.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxDocument = 64 * 1024;

bool is_loopback(const std::string& host) {
    if (host == "localhost" || host == "[::1]") return true;
    in_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool is_container_service(const std::string& host) {
    if (host == "169.254.170.2" || host == "169.254.170.23") return true;
    if (host.size() < 2 || host.front() != '[') return false;
    in6_addr address{};
    in6_addr eks{};
    inet_pton(AF_INET6, "fd00:ec2::23", &eks);
    const std::string number = host.substr(1, host.size() - 2);
    return inet_pton(AF_INET6, number.c_str(), &address) == 1 &&
           std::ranges::equal(address.s6_addr, eks.s6_addr);
}

class ContainerSource final : public CredentialSource {
public:
    ContainerSource(Ring& ring, const KeySourceSettings& settings)
        : ring_(ring), settings_(settings), server_(ring, settings_, name()) {}

    const char* name() const override { return "ecs"; }
    void stop() override { server_.stop(); }

    Task<Result<AccessKeys>> fetch() override {
        HttpRequest request;
        CO_TRY(request.url, address());
        request.connect_timeout = settings_.connect_timeout;
        request.direct = !request.url.starts_with("https://");
        CO_TRY(std::string authorization, co_await fetch_authorization());
        if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
        wipe(authorization);
        co_return co_await server_.ask_for_keys(request, kMaxDocument);
    }

private:
    Result<std::string> address() const {
        const std::string relative = variable(settings_, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        if (!relative.empty()) {
            const std::string url = settings_.container_address + relative;
            if (relative.front() == '/' && parse_key_address(url)) return url;
            return Error(Errc::InvalidArgument,
                         "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path of a URL");
        }
        const std::string full = variable(settings_, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
        if (full.empty()) {
            return Error(Errc::InvalidArgument,
                         "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                         "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
        }
        const auto parsed = parse_key_address(full);
        if (!parsed) {
            return Error(Errc::InvalidArgument, "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL");
        }
        // Else whoever sets the variable could have the authorization sent anywhere in the clear.
        if (!parsed->tls && !is_loopback(parsed->host) && !is_container_service(parsed->host)) {
            return Error(Errc::InvalidArgument,
                         "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor local");
        }
        return full;
    }

    Task<Result<std::string>> fetch_authorization() {
        const std::string file = variable(settings_, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        if (!file.empty()) {
            std::string path = absolute_name(settings_, file);
            co_return co_await read_token_file(ring_, std::move(path));
        }
        std::string token = variable(settings_, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
        const bool proper = std::ranges::all_of(token, [](char c) { return c >= ' ' && c < 0x7F; });
        if (!proper) {
            co_return Error(Errc::InvalidArgument,
                            "AWS_CONTAINER_AUTHORIZATION_TOKEN has control characters");
        }
        co_return token;
    }

    Ring& ring_;
    KeySourceSettings settings_;
    KeyServer server_;
};

}  // namespace

std::unique_ptr<CredentialSource> make_container_source(Ring& ring,
                                                        const KeySourceSettings& settings) {
    return std::make_unique<ContainerSource>(ring, settings);
}

}  // namespace s3b::net
