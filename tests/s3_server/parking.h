// SPDX-License-Identifier: Apache-2.0
// Connections whose request waits, without a thread each: until a point in time, until something
// else releases them, or whichever comes first. One timer thread serves all. Thread-safe.
#pragma once

#include <microhttpd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace s3b::test {

class Parking {
public:
    using Clock = std::chrono::steady_clock;
    using Ticket = uint64_t;

    Parking();
    ~Parking();
    Parking(const Parking&) = delete;
    Parking& operator=(const Parking&) = delete;

    // To be called in the connection's request handler, which must then return MHD_YES and is
    // called again once the connection is released. None after stop().
    std::optional<Ticket> park(MHD_Connection* connection, std::optional<Clock::time_point> until);
    // Does nothing when the connection has been released before.
    void release(Ticket ticket);
    // Releases all; from then on nothing can be parked.
    void stop();
    bool stopped();

private:
    using Deadline = std::pair<Clock::time_point, Ticket>;

    void run();
    void resume(Ticket ticket);  // mutex_ is held

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
    Ticket last_ticket_ = 0;
    std::unordered_map<Ticket, MHD_Connection*> parked_;
    std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
    std::thread timer_;
};

}  // namespace s3b::test
