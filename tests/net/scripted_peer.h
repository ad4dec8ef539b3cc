// SPDX-License-Identifier: Apache-2.0
// A server that does exactly what a test says, on a socket of 127.0.0.1 and in a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "engine/base/check.h"
#include "engine/reactor/reactor.h"
#include "engine/reactor/sync.h"

namespace s3b::net {

/// One connection, seen from the peer's thread.
class PeerConnection {
public:
    explicit PeerConnection(int fd) : fd_(fd) {}
    PeerConnection(const PeerConnection&) = delete;
    PeerConnection& operator=(const PeerConnection&) = delete;
    ~PeerConnection() { close(fd_); }

    /// The head of the next request with its final empty line; empty if the client has closed.
    std::string read_head() {
        while (read_.find("\r\n\r\n") == std::string::npos) {
            if (!read_more()) return {};
        }
        return take(read_.find("\r\n\r\n") + 4);
    }
    std::string read_body(size_t size) {
        while (read_.size() < size && read_more()) {
        }
        return take(std::min(size, read_.size()));
    }
    /// What the client refuses is dropped.
    void send(const std::string& text) {
        size_t sent = 0;
        while (sent < text.size()) {
            const ssize_t count = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return;
            sent += static_cast<size_t>(count);
        }
    }
    /// Waits until the client has closed its end.
    void wait_closed() {
        while (read_more()) {
        }
    }

private:
    bool read_more() {
        char part[4096];
        const ssize_t count = recv(fd_, part, sizeof part, 0);
        if (count > 0) read_.append(part, static_cast<size_t>(count));
        return count > 0;
    }
    std::string take(size_t size) {
        std::string text = read_.substr(0, size);
        read_.erase(0, size);
        return text;
    }

    int fd_;
    std::string read_;
};

/// Serves so many connections, one after the other. Its destructor waits for the end of the one
/// that is being served.
class ScriptedPeer {
public:
    using Script = std::function<void(PeerConnection&)>;

    explicit ScriptedPeer(Script script, int connections = 1)
        : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        CHECK(bind(socket_, generic, length) == 0);
        CHECK(listen(socket_, 8) == 0);
        CHECK(getsockname(socket_, generic, &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, run = std::move(script), connections] {
            for (int i = 0; i < connections; ++i) {
                PeerConnection connection(accept(socket_, nullptr, nullptr));
                run(connection);
            }
        });
    }
    ~ScriptedPeer() {
        shutdown(socket_, SHUT_RDWR);  // nobody connects any more, also where a test has failed
        join();
        close(socket_);
    }
    /// Waits until the script has ended.
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    int port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/x"; }

private:
    int socket_;
    int port_ = 0;
    std::thread thread_;
};

/// Something that happens in another thread and is awaited on the reactor: once.
class PostedEvent final : public Posted {
public:
    explicit PostedEvent(Reactor& reactor) : reactor_(reactor) {}
    /// Thread-safe.
    void set() { reactor_.post(*this); }
    void arrive() override {
        arrived_ = true;
        waiting_.wake_all();
    }
    Task<void> wait() {
        while (!arrived_) {
            co_await waiting_.wait();
        }
    }

private:
    Reactor& reactor_;
    WaitQueue waiting_;
    bool arrived_ = false;
};

}  // namespace s3b::net
