// SPDX-License-Identifier: Apache-2.0
// Which transfer may run when: one scheduler for all of them, with classes by urgency, bounds on
// how many run at once, and bounds on the bytes a second of all together.
// Source: cache-and-consistency.md 7 (11, 12); command-line.md 2.2, 2.5.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"
#include "engine/reactor/cpu_pool.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"
#include "net/rate_limit.h"

namespace s3b::net {

/// Bounds. Demand and ReadAhead have places of their own; Flush and WriteBack share `background`
/// (blockCacheThreads), the more urgent first; Listing has `listing`, and starts only while nobody
/// else waits.
struct TransferLimits {
    uint32_t demand = 128;
    uint32_t read_ahead = 256;
    uint32_t background = 20;
    uint32_t listing = 16;
    ByteCount upload_rate;    // bytes a second of all together; 0 = no limit
    ByteCount download_rate;  // likewise

    TransferLimits() = default;
    /// Transfers that can be under way at once.
    uint32_t total() const { return demand + read_ahead + background + listing; }
};

/// How soon workers shall do what a transfer of this class needs.
constexpr Executor::Priority priority_of(Urgency urgency) {
    return urgency == Urgency::Demand ? Executor::Priority::Urgent : Executor::Priority::Normal;
}

/// Belongs to the reactor's thread. All tickets must be gone before it is destroyed.
class TransferScheduler {
public:
    explicit TransferScheduler(const TransferLimits& limits);
    TransferScheduler(const TransferScheduler&) = delete;
    TransferScheduler& operator=(const TransferScheduler&) = delete;
    ~TransferScheduler();

    /// Whether a ticket of this class would get a place at once.
    bool has_place(Urgency urgency) const;
    const TransferLimits& limits() const { return limits_; }
    /// How many places are taken of those that this class uses.
    uint32_t under_way(Urgency urgency) const;
    /// Told when a place of the background or for reading ahead has become free; set once.
    using Listener = void (*)(void* context);
    void on_free(Listener listener, void* context);

    /// One transfer's right to run. It holds a place from take() to give_back(); in the pause
    /// before a retry it holds none. Lives in the frame of its flow.
    class Ticket {
    public:
        Ticket(TransferScheduler& scheduler, Urgency urgency)
            : scheduler_(scheduler), urgency_(urgency) {}
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        ~Ticket() { give_back(); }

        Urgency urgency() const { return urgency_; }
        bool held() const { return held_; }
        /// Takes a place if one is free and nobody is before us.
        bool try_take();
        /// Waits for a place, the more urgent classes first, then first come, first served. No
        /// effect if one is held.
        Task<void> take();
        void give_back();
        /// Waits until the rate of all uploads allows so many more bytes.
        Task<void> pay_upload(ByteCount bytes);
        Task<void> pay_download(ByteCount bytes);
        /// Of the bytes paid for, so many were not received.
        void refund_download(ByteCount bytes);

    private:
        TransferScheduler& scheduler_;
        Urgency urgency_;
        bool held_ = false;
    };

private:
    enum Pool : uint8_t { kDemandPool, kReadAheadPool, kBackgroundPool, kListingPool, kPools };
    using Places = std::array<uint32_t, kPools>;
    static Pool pool_of(Urgency urgency);
    static Places places_of(const TransferLimits& limits);
    /// Those of one class who wait for a place. The first of them looks again at each change.
    struct Line {
        Semaphore head{1};
        WaitQueue changed;
        uint32_t waiting = 0;
    };
    bool more_urgent_waits(Urgency urgency) const;
    /// Whether the first in the line of this class may go.
    bool turn_of(Urgency urgency) const;
    void release(Urgency urgency);
    void wake_waiting();

    TransferLimits limits_;
    Places free_;
    std::array<Line, kUrgencies> lines_;
    RateLimit uploads_;
    RateLimit downloads_;
    Listener listener_ = nullptr;
    void* context_ = nullptr;
};

using Ticket = TransferScheduler::Ticket;

}  // namespace s3b::net
