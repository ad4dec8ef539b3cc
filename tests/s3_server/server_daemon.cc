// SPDX-License-Identifier: Apache-2.0
// Start and end of the HTTP library's daemon, and the functions it calls.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "tests/s3_server/exchange.h"
#include "tests/s3_server/server.h"

/// In place of that of the C library, for libmicrohttpd 0.9.75: when it has got as many events as
/// it asks for at a time (128) it waits for more of them without a limit, and if none come leaves
/// those that it has alone until somebody sends something.
extern "C" int epoll_wait(int epoll, epoll_event* events, int most, int milliseconds) {
    static thread_local bool more_may_be_there = false;
    const int limit = more_may_be_there ? 0 : milliseconds;
    const int count = epoll_pwait(epoll, events, most, limit, nullptr);
    more_may_be_there = count == most;
    return count;
}

namespace s3b::test {

namespace {

constexpr unsigned kMaxConnections = 8192;
constexpr char kFilling = 'f';  // each byte of --fill
constexpr unsigned kListenBacklog = 1024;
// Of each connection; the body of a PUT is read in pieces of about half of it.
constexpr size_t kConnectionMemory = 128 * 1024;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The client is gone although a part of the body is missing. The library alone does not see that
// when the end comes together with data (it reads edge-triggered, and not again after a short
// read); the request would stay under way for ever.
bool is_abandoned(const Exchange& exchange) {
    if (exchange.request.body.size() >= exchange.body_size) {
        return false;
    }
    const auto* info =
        MHD_get_connection_info(exchange.connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    pollfd state{info->connect_fd, POLLRDHUP, 0};
    int unread = 0;
    return ::poll(&state, 1, 0) == 1 && ::ioctl(state.fd, FIONREAD, &unread) == 0 && unread == 0;
}

}  // namespace

// An exception in one of these ends the program: they are called from C.
struct ServerCallbacks {
    static void on_connection(void*, MHD_Connection*, void** state,
                              MHD_ConnectionNotificationCode code) noexcept;
    static void* on_target(void*, const char* target, MHD_Connection* connection) noexcept;
    static MHD_Result on_request(void* server, MHD_Connection* connection, const char*,
                                 const char* method, const char*, const char* data, size_t* size,
                                 void** exchange) noexcept;
    static void on_end(void* server, MHD_Connection*, void** exchange,
                       MHD_RequestTerminationCode code) noexcept;
};

void ServerCallbacks::on_connection(void* server, MHD_Connection*, void** state,
                                    MHD_ConnectionNotificationCode code) noexcept {
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        static_cast<Server*>(server)->statistics_.connection_opened();
        *state = new ConnectionState;
    } else {
        delete static_cast<ConnectionState*>(*state);
        *state = nullptr;
    }
}

void* ServerCallbacks::on_target(void*, const char* target, MHD_Connection* connection) noexcept {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    static_cast<ConnectionState*>(info->socket_context)->target = target;
    return nullptr;
}

MHD_Result ServerCallbacks::on_request(void* context, MHD_Connection* connection, const char*,
                                       const char* method, const char*, const char* data,
                                       size_t* size, void** exchange_slot) noexcept {
    auto* server = static_cast<Server*>(context);
    if (*exchange_slot == nullptr) {
        *exchange_slot = server->begin(connection, method).release();
        const auto* begun = static_cast<Exchange*>(*exchange_slot);
        // Refused before the client sends the body.
        return begun->too_large ? server->proceed(*static_cast<Exchange*>(*exchange_slot))
                                : MHD_YES;
    }
    auto& exchange = *static_cast<Exchange*>(*exchange_slot);
    if (*size > 0) {
        exchange.too_large |= exchange.request.body.size() + *size > kMaxBody;
        if (!exchange.too_large) {
            exchange.request.body.append(data, *size);
        }
        *size = 0;
        return is_abandoned(exchange) ? MHD_NO : MHD_YES;
    }
    return exchange.answer_queued ? MHD_YES : server->proceed(exchange);
}

void ServerCallbacks::on_end(void* server, MHD_Connection*, void** exchange,
                             MHD_RequestTerminationCode code) noexcept {
    const std::unique_ptr<Exchange> ended(static_cast<Exchange*>(*exchange));
    *exchange = nullptr;
    if (ended) {
        static_cast<Server*>(server)->end(*ended, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    }
}

Server::Server(const Options& options)
    : clock_(options.clock_offset),
      store_(options.journal_file),
      handlers_(store_, clock_, options.conditional_put),
      auth_(options.auth),
      credentials_(options.credentials,
                   {options.auth.access_id, options.auth.secret, options.auth.session_token,
                    options.credentials.lifetime_seconds},
                   clock_),
      admin_(store_, handlers_, faults_, statistics_, auth_, credentials_,
             [this](uint64_t count) { return release_held(count); }),
      body_digests_(options.body_digests),
      latency_(options.latency),
      list_latency_(options.list_latency),
      bandwidth_(options.bandwidth) {
    for (const std::string& bucket : options.buckets) {
        store_.create_bucket(bucket);
    }
    for (const Fill& fill : options.fills) {
        store_.fill(fill.bucket, fill.prefix, fill.count,
                    make_object(std::string(fill.size, kFilling), {}, clock_.now()));
    }
    start_daemon(options);
}

Server::~Server() {
    parking_.stop();
    MHD_stop_daemon(daemon_);
}

void Server::start_daemon(const Options& options) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::vector<MHD_OptionItem> items{
        {MHD_OPTION_SOCK_ADDR, 0, &address},
        {MHD_OPTION_CONNECTION_LIMIT, kMaxConnections, nullptr},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory, nullptr},
        {MHD_OPTION_LISTEN_BACKLOG_SIZE, kListenBacklog, nullptr},
        {MHD_OPTION_NOTIFY_CONNECTION, reinterpret_cast<intptr_t>(&ServerCallbacks::on_connection),
         this},
        {MHD_OPTION_URI_LOG_CALLBACK, reinterpret_cast<intptr_t>(&ServerCallbacks::on_target),
         this},
        {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&ServerCallbacks::on_end), this},
    };
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    if (!options.tls_cert_file.empty()) {
        tls_cert_ = read_file(options.tls_cert_file);
        tls_key_ = read_file(options.tls_key_file);
        items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, tls_cert_.data()});
        items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, tls_key_.data()});
        flags |= MHD_USE_TLS;
    }
    items.push_back({MHD_OPTION_END, 0, nullptr});
    daemon_ = MHD_start_daemon(flags, options.port, nullptr, nullptr, &ServerCallbacks::on_request,
                               this, MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
    if (daemon_ == nullptr) {
        throw std::runtime_error("cannot serve on port " + std::to_string(options.port) + ": " +
                                 std::strerror(errno));
    }
}

uint16_t Server::port() const {
    return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port;
}

}  // namespace s3b::test
