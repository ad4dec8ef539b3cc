// SPDX-License-Identifier: Apache-2.0
// Requests and replies over io_uring: the kernel fetches and answers with one system call a turn.
// What does not come that way (INIT, FORGET, INTERRUPT, notifications) goes over the device.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/buffer.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task_group.h"
#include "fusell/dev_transport.h"
#include "fusell/transport.h"
#include "fusell/uring_abi.h"

namespace s3b::fusell {

/// There is a queue for each CPU that the machine may have, all on our ring, and entries in each: a
/// request under way takes one up. They become more when half of a queue is taken: a request that
/// finds none waits for an answer to another one, for a new entry takes only later requests. If the
/// kernel does not offer the ring, or refuses an entry, all goes over the device.
class RingTransport final : public Transport {
public:
    /// As DevTransport; the ring must have entries of 128 bytes. `queues`: possible CPUs.
    RingTransport(Ring& ring, int device, uint32_t transfer, uint32_t queues);
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

    enum class State : uint8_t {
        Registering,  // the kernel has not answered yet
        Idle,         // in the kernel
        Arrived,      // a request has come
        Handled,      // somebody works on it
        Dead,         // the kernel has let go of it
    };
    struct Entry final : Completion {
        Entry(RingTransport& transport, uint32_t number, uint16_t of_queue);
        void complete(int32_t result) override { owner.completed(*this, result); }
        std::byte* payload() { return memory.bytes().data() + Buffer::kAlignment; }

        RingTransport& owner;
        uint32_t index;
        uint16_t queue;
        State state = State::Registering;
        bool fat = false;       // much of its memory is resident
        size_t brought = 0;     // bytes of the payload that came with this request
        uint64_t unique = 0;    // of the request
        Buffer memory;          // a page with the header in front and a message behind, the payload
        uring::Header* header;  // in it
        std::array<iovec, 2> pieces;
    };

    void grow(uint16_t queue, uint32_t count);
    void register_entry(Entry& entry);
    void completed(Entry& entry, int32_t result);
    void lose(Entry& entry, int32_t result);
    Task<void> pump();
    void deliver(Entry& entry);
    void commit(Entry& entry, int error, size_t length);
    void spare_memory(Entry& entry, size_t answered);
    void finish(Request request, int error, size_t length) override;
    void release(uint32_t slot) override;

    Ring& ring_;
    int fd_;
    size_t transfer_;
    uint32_t queues_;
    DevTransport device_;
    RequestHandler* handler_ = nullptr;
    bool agreed_ = false;   // the answer to INIT asks for the ring
    bool refused_ = false;  // the kernel has gone back to the device
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
