// SPDX-License-Identifier: Apache-2.0
// Requests and replies over the FUSE device, read and written without blocking.
#pragma once

#include <linux/fuse.h>

#include <array>
#include <memory>
#include <vector>

#include "engine/base/buffer.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "fusell/transport.h"

namespace s3b::fusell {

/// Reads until the device is empty, then waits for it on the ring. The descriptor must be
/// O_NONBLOCK and stays the caller's.
class DevTransport final : public Transport {
public:
    /// A request moves up to `transfer` bytes, a multiple of 4096. While `max_requests` hold memory
    /// the device is not read.
    DevTransport(Ring& ring, int device, uint32_t transfer, uint32_t max_requests = kMaxRequests);

    Task<void> serve(RequestHandler& handler) override;
    Task<void> join() override;
    ssize_t send(std::span<const iovec> message) override;

private:
    /// So many requests are read before other completions are heard.
    static constexpr int kReadsPerTurn = 32;
    /// So many idle buffers keep all their memory, for the next burst; the others keep kKeep.
    static constexpr size_t kWarmBuffers = 32;
    static constexpr size_t kKeep = size_t{64} << 10;

    enum class Outcome { Empty, Turn, Full, Gone };
    /// A turn that brought so many requests answers them with one system call, by the ring. Fewer
    /// are answered sooner by a system call each.
    static constexpr int kBatch = 3;

    /// The memory of one request, and the reply that the ring sends from it.
    struct Slot final : Completion {
        Slot(DevTransport& transport, uint32_t number, size_t transfer);
        void complete(int32_t result) override;

        DevTransport& owner;
        uint32_t index;
        Buffer memory;
        size_t touched = 0;  // bytes of the data area that this request has used
        fuse_out_header out{};
        std::array<iovec, 2> pieces{};
    };

    Outcome read_some(RequestHandler& handler);
    Outcome outcome_of(int error) const;
    bool take_slot(uint32_t& index);
    void finish(Request request, int error, size_t length) override;
    void release(uint32_t slot) override;
    bool replies_from_anywhere() const override { return true; }
    void finish_from(Request request, std::span<iovec> pieces) override;
    static void check_sent(int error);

    Ring& ring_;
    int device_;
    size_t transfer_;
    uint32_t max_requests_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::vector<uint32_t> idle_;  // the one used last on top: its pages are warm
    WaitQueue returned_;
    int last_turn_ = 0;   // requests that the last turn brought
    size_t replies_ = 0;  // that the ring has to send
    WaitQueue replies_sent_;
};

}  // namespace s3b::fusell
