// SPDX-License-Identifier: Apache-2.0
#include "engine/metrics_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/log.h"

namespace s3b {

/// What the library calls.
struct MetricsAnswer {
    static MHD_Result answer(void* context, MHD_Connection* connection, const char* url,
                             const char* method, const char*, const char*, size_t*, void** seen) {
        static char first;
        if (*seen == nullptr) {  // the headers are not all there yet
            *seen = &first;
            return MHD_YES;
        }
        auto& server = *static_cast<MetricsServer*>(context);
        const bool get = std::strcmp(method, MHD_HTTP_METHOD_GET) == 0;
        const bool known = std::strcmp(url, "/metrics") == 0;
        if (!get) return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
        if (!known) return reply(connection, MHD_HTTP_NOT_FOUND, "see /metrics\n");
        return reply(connection, MHD_HTTP_OK, server.text_());
    }

    static MHD_Result reply(MHD_Connection* connection, unsigned status, const std::string& text) {
        MHD_Response* const response = MHD_create_response_from_buffer(
            text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY);
        if (response == nullptr) return MHD_NO;
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                "text/plain; version=0.0.4; charset=utf-8");
        const MHD_Result queued = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return queued;
    }
};

namespace {

/// A listening socket, or -1 and errno. A socket's file that nobody listens at is replaced.
int listen_at(const SocketAddress& address, const std::string& path) {
    const int descriptor =
        socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto* const where = reinterpret_cast<const sockaddr*>(&address.storage);
    if (!path.empty() && connect(descriptor, where, address.length) != 0 && errno == ECONNREFUSED) {
        unlink(path.c_str());
    }
    const mode_t before = umask(0077);
    const bool bound = bind(descriptor, where, address.length) == 0;
    const int error = errno;
    umask(before);
    if (bound && ::listen(descriptor, SOMAXCONN) == 0) return descriptor;
    close(descriptor);
    errno = bound ? errno : error;
    return -1;
}

uint16_t port_of(int descriptor) {
    SocketAddress address;
    address.length = sizeof address.storage;
    auto* const where = reinterpret_cast<sockaddr*>(&address.storage);
    if (getsockname(descriptor, where, &address.length) != 0) return 0;
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    return ntohs(address.storage.ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(Ring& ring, const ListenPlace& place,
                                                             Text text) {
    std::unique_ptr<MetricsServer> server(new MetricsServer(ring, std::move(text)));
    const int descriptor = listen_at(*address_of(place), place.path);
    if (descriptor < 0) return Error(Errc::Io, "cannot listen for metrics", errno);
    server->path_ = place.path;
    if (place.path.empty()) server->port_ = port_of(descriptor);
    server->daemon_ =
        MHD_start_daemon(MHD_USE_EPOLL, 0, nullptr, nullptr, &MetricsAnswer::answer, server.get(),
                         MHD_OPTION_LISTEN_SOCKET, descriptor, MHD_OPTION_CONNECTION_LIMIT,
                         kConnections, MHD_OPTION_CONNECTION_TIMEOUT, kTimeout, MHD_OPTION_END);
    if (server->daemon_ != nullptr) return server;
    close(descriptor);
    return Error(Errc::Io, "libmicrohttpd cannot start");
}

MetricsServer::~MetricsServer() {
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
    if (!path_.empty()) unlink(path_.c_str());
}

int MetricsServer::epoll() const {
    return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

Task<void> MetricsServer::serve() {
    while (!stopped_) {
        MHD_run(daemon_);
        if (!polling_) {
            polling_ = true;
            ring_.poll(epoll(), POLLIN, arrival_);
        }
        unsigned long long left = 0;  // ms until a connection is idle for too long
        const bool limited = MHD_get_timeout(daemon_, &left) == MHD_YES;
        const Instant end =
            limited ? Scheduler::current().now() + std::chrono::milliseconds(left) : kNever;
        co_await events_.wait_until(end);
    }
    if (polling_) ring_.cancel(arrival_);
    while (polling_) {
        co_await events_.wait();
    }
}

void MetricsServer::stop() {
    stopped_ = true;
    events_.wake_all();
}

}  // namespace s3b
