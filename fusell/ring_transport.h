// SPDX-License-Identifier: Apache-2.0
// Requests and replies over io_uring: the kernel fetches and answers with one system call a turn.
// What does not come that way (INIT, FORGET, INTERRUPT, notifications) goes over the device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/reactor/reactor.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task_group.h"
#include "fusell/dev_transport.h"
#include "fusell/hit_server.h"
#include "fusell/ring_entry.h"
#include "fusell/transport.h"
#include "fusell/volume_port.h"

namespace s3b::fusell {

/// Threads that answer cached reads.
struct HitServing {
    VolumePort& volume;
    uint32_t threads = 0;  // at the most
};

/// There is a queue for each CPU that the machine may have, all on our ring, and entries in each: a
/// request under way takes one up. They become more when half of a queue is taken: a request that
/// finds none waits for an answer to another one, for a new entry takes only later requests. If the
/// kernel does not offer the ring, or refuses an entry, all goes over the device.
class RingTransport final : public Transport, public RingEntry::Holder {
public:
    /// As DevTransport; the reactor's ring must have entries of 128 bytes. `queues`: possible CPUs.
    RingTransport(Reactor& reactor, int device, uint32_t transfer, uint32_t queues,
                  const HitServing& hits);
    ~RingTransport() override;

    Task<void> serve(RequestHandler& handler) override;
    Task<void> join() override;
    ssize_t send(std::span<const iovec> message) override;
    uint64_t negotiate(uint64_t offered) override;
    void connected() override;

    /// Entries there are, in all queues.
    size_t entries() const { return entries_.size(); }

private:
    /// So many requests are handled before other completions are heard.
    static constexpr int kRequestsPerTurn = 32;
    /// Of each queue at the start: what the kernel has under way in the background. A machine of
    /// many CPUs has fewer.
    static constexpr uint32_t kFirstEntries = 128;
    /// So many entries that moved much data keep all their memory, for the next burst. The others
    /// keep kKeep bytes if they brought it; of what they took to the kernel nobody tells when it
    /// has been fetched.
    static constexpr size_t kWarmEntries = 32;
    static constexpr size_t kKeep = size_t{64} << 10;

    using Entry = RingEntry;
    using State = RingEntry::State;

    void start_hit_servers();
    HitServer* server_of(const Entry& entry) const;
    void grow(uint16_t queue, uint32_t count);
    void completed(Entry& entry, int32_t result) override;
    void take(Entry& entry) override { completed(entry, entry.outcome); }
    void lose(Entry& entry, int32_t result);
    Task<void> pump();
    void deliver(Entry& entry);
    void commit(Entry& entry, int error, size_t length);
    bool goes_back(Entry& entry, int error, size_t length) const;
    void spare_memory(Entry& entry, size_t answered);
    void finish(Request request, int error, size_t length) override;
    void release(uint32_t slot) override;

    Reactor& reactor_;
    int fd_;
    size_t transfer_;
    uint32_t queues_;
    DevTransport device_;
    HitServing hits_;
    std::vector<std::unique_ptr<HitServer>> servers_;  // each for the queues of some CPUs
    RequestHandler* handler_ = nullptr;
    Entry* delivering_ = nullptr;  // its handler has not returned
    bool agreed_ = false;          // the answer to INIT asks for the ring
    bool refused_ = false;         // the kernel has gone back to the device
    std::vector<std::unique_ptr<Entry>> entries_;
    struct Queue {
        uint32_t entries = 0;
        uint32_t busy = 0;  // of these
    };
    std::vector<Queue> by_cpu_;
    size_t alive_ = 0;
    std::vector<Entry*> arrived_;  // in their order
    size_t fat_ = 0;
    std::unordered_map<uint64_t, uint32_t> with_library_;  // unique -> index
    WaitQueue changed_;
    TaskGroup pump_;
};

}  // namespace s3b::fusell
