// SPDX-License-Identifier: Apache-2.0
// GET /metrics over HTTP (metricsListen): libmicrohttpd, driven by the ring. No thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/listen_place.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

struct MHD_Daemon;

namespace s3b {

/// Belongs to the reactor's thread.
class MetricsServer {
public:
    using Text = std::function<std::string()>;
    /// Listens. Errors: Io, with the reason.
    static Result<std::unique_ptr<MetricsServer>> listen(Ring& ring, const ListenPlace& place,
                                                         Text text);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    /// Answers until stop().
    Task<void> serve();
    void stop();
    /// The port that it listens on; 0 with a path.
    uint16_t port() const { return port_; }

private:
    /// Clients that are connected at the same time; others wait.
    static constexpr unsigned kConnections = 16;
    static constexpr unsigned kTimeout = 10;  // seconds, of an idle connection

    /// Wakes serve() when the library has something to do.
    struct Arrival final : Completion {
        explicit Arrival(MetricsServer& s) : server(s) {}
        void complete(int32_t) override {
            server.polling_ = false;
            server.events_.wake_all();
        }
        MetricsServer& server;
    };
    MetricsServer(Ring& ring, Text text) : ring_(ring), text_(std::move(text)) {}
    int epoll() const;

    Ring& ring_;
    Text text_;
    MHD_Daemon* daemon_ = nullptr;
    std::string path_;  // to be removed at the end
    uint16_t port_ = 0;
    Arrival arrival_{*this};
    WaitQueue events_;
    bool polling_ = false;
    bool stopped_ = false;

    friend struct MetricsAnswer;
};

}  // namespace s3b
