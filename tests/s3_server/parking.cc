// SPDX-License-Identifier: Apache-2.0
// The timer thread of parked connections. A deadline whose connection has been released already
// stays in the queue and is ignored when it comes.
#include "tests/s3_server/parking.h"

namespace s3b::test {

Parking::Parking() : timer_([this] { run(); }) {}

Parking::~Parking() {
    stop();
    timer_.join();
}

std::optional<Parking::Ticket> Parking::park(MHD_Connection* connection,
                                             std::optional<Clock::time_point> until) {
    const std::scoped_lock lock(mutex_);
    if (stopped_) {
        return std::nullopt;
    }
    MHD_suspend_connection(connection);
    const Ticket ticket = ++last_ticket_;
    parked_.emplace(ticket, connection);
    if (until) {
        const bool is_next = deadlines_.empty() || *until < deadlines_.top().first;
        deadlines_.emplace(*until, ticket);
        if (is_next) {
            changed_.notify_one();
        }
    }
    return ticket;
}

void Parking::release(Ticket ticket) {
    const std::scoped_lock lock(mutex_);
    resume(ticket);
}

void Parking::resume(Ticket ticket) {
    const auto found = parked_.find(ticket);
    if (found != parked_.end()) {
        MHD_resume_connection(found->second);
        parked_.erase(found);
    }
}

void Parking::stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    for (const auto& [ticket, connection] : parked_) {
        MHD_resume_connection(connection);
    }
    parked_.clear();
    changed_.notify_one();
}

bool Parking::stopped() {
    const std::scoped_lock lock(mutex_);
    return stopped_;
}

void Parking::run() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        if (deadlines_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const Deadline next = deadlines_.top();
        if (next.first > Clock::now()) {
            changed_.wait_until(lock, next.first);
            continue;
        }
        deadlines_.pop();
        resume(next.second);
    }
}

}  // namespace s3b::test
