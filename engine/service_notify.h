// SPDX-License-Identifier: Apache-2.0
// Tells the service manager how we are (Type=notify of systemd): one datagram a message to the
// socket that the environment names. Without such a variable nothing happens.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/types.h"
#include "net/credential_sources.h"

namespace s3b {

/// Not thread-safe.
class ServiceNotify {
public:
    /// From NOTIFY_SOCKET and WATCHDOG_USEC.
    explicit ServiceNotify(const net::Variables& variables);
    ~ServiceNotify();
    ServiceNotify(const ServiceNotify&) = delete;
    ServiceNotify& operator=(const ServiceNotify&) = delete;

    void ready(std::string_view status);
    void stopping(std::string_view status);
    void status(std::string_view text);
    void alive();
    /// How often alive() is expected at the least; zero: never.
    Duration watchdog() const { return watchdog_; }

private:
    void send(const std::string& message);

    std::string address_;
    Duration watchdog_{};
    int socket_ = -1;
};

}  // namespace s3b
