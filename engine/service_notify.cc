// SPDX-License-Identifier: Apache-2.0
#include "engine/service_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace s3b {

ServiceNotify::ServiceNotify(const net::Variables& variables)
    : address_(net::variable(variables, "NOTIFY_SOCKET")) {
    const bool usable = !address_.empty() && (address_[0] == '/' || address_[0] == '@') &&
                        address_.size() < sizeof(sockaddr_un::sun_path);
    if (!usable) return;
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const std::string interval = net::variable(variables, "WATCHDOG_USEC");
    uint64_t microseconds = 0;
    std::from_chars(interval.data(), interval.data() + interval.size(), microseconds);
    watchdog_ = std::chrono::microseconds(microseconds);
}

ServiceNotify::~ServiceNotify() {
    if (socket_ >= 0) close(socket_);
}

void ServiceNotify::ready(std::string_view status) {
    send("READY=1\nMAINPID=" + std::to_string(getpid()) + "\nSTATUS=" + std::string(status));
}

void ServiceNotify::stopping(std::string_view status) {
    send("STOPPING=1\nSTATUS=" + std::string(status));
}

void ServiceNotify::status(std::string_view text) { send("STATUS=" + std::string(text)); }

void ServiceNotify::alive() { send("WATCHDOG=1"); }

/// Nobody listens: not our concern.
void ServiceNotify::send(const std::string& message) {
    if (socket_ < 0) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, address_.data(), address_.size());
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    [[maybe_unused]] const ssize_t sent =
        sendto(socket_, message.data(), message.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace s3b
