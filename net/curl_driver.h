// SPDX-License-Identifier: Apache-2.0
// Drives one libcurl multi handle on the reactor: its sockets are polled by the ring, its one
// timeout is a timer of the scheduler. What is transferred is the business of lane and transfer.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <vector>

#include "engine/reactor/ring.h"
#include "engine/reactor/scheduler.h"

namespace s3b::net {

/// Belongs to the reactor's thread. No function here may be called from within a libcurl callback.
class CurlDriver {
public:
    /// Who hears that a transfer has ended. Found by CURLOPT_PRIVATE of the easy handle.
    class Listener {
    public:
        /// `easy` is still added; remove() it here or later.
        virtual void ended(CURLcode code) = 0;

    protected:
        ~Listener() = default;
    };

    /// Keeps at most `connections` idle connections.
    CurlDriver(Ring& ring, unsigned connections);
    /// No transfer may be added any more. Closes all connections, and serves the ring until the
    /// kernel has let go of our polls.
    ~CurlDriver();
    CurlDriver(const CurlDriver&) = delete;
    CurlDriver& operator=(const CurlDriver&) = delete;

    /// Starts the transfer of `easy` in the next turn. False if libcurl refuses (out of memory).
    bool add(CURL* easy);
    /// Takes `easy` out, whether it has ended or not; an exchange under way costs its connection.
    void remove(CURL* easy);
    /// Goes on with a transfer that its write callback has paused.
    void resume(CURL* easy);

private:
    /// The interest of libcurl in one socket, from its first word about it to CURL_POLL_REMOVE. An
    /// object of its own each time, so that a late completion never meets a reused descriptor.
    struct Watch final : Completion {
        explicit Watch(CurlDriver& d) : driver(d) {}
        void complete(int32_t result) override;

        CurlDriver& driver;
        curl_socket_t socket = CURL_SOCKET_BAD;
        uint32_t wanted = 0;    // poll events; 0 = none
        uint32_t armed = 0;     // of the poll that the kernel holds; 0 = none
        bool acting = false;    // libcurl is at work for this socket
        bool detached = false;  // libcurl has dropped it; recycled when no longer armed
    };
    struct Timeout : Timer {
        explicit Timeout(CurlDriver& d) : Timer(&Timeout::fire), driver(d) {}
        static void fire(Timer& timer);
        CurlDriver& driver;
    };

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* driver, void* watch);
    static int on_timeout(CURLM* multi, long timeout_ms, void* driver);

    Watch& new_watch(curl_socket_t socket);
    void want(Watch& watch, uint32_t events);
    void detach(Watch& watch);
    void act(curl_socket_t socket, int events);
    void collect_ended();

    Ring& ring_;
    CURLM* multi_;
    Timeout timeout_{*this};
    // At most two a lane: a connection and a name look-up, or two attempts to connect.
    std::vector<std::unique_ptr<Watch>> watches_;
    std::vector<Watch*> spare_;  // those of them that nobody uses
};

}  // namespace s3b::net
