// SPDX-License-Identifier: Apache-2.0
// Requests and replies over the FUSE device, read and written without blocking.
#pragma once

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
    /// So many requests hold memory at a time; the device is read on when one has ended. Above
    /// what the kernel has under way in the background (128) plus some hundred client threads.
    static constexpr uint32_t kMaxRequests = 512;

    DevTransport(Ring& ring, int device, uint32_t max_requests = kMaxRequests);

    Task<void> serve(RequestHandler& handler) override;
    ssize_t send(std::span<const iovec> message) override;

private:
    /// So many requests are read before other completions are heard.
    static constexpr int kReadsPerTurn = 32;
    /// So many idle buffers keep all their memory, for the next burst; the others keep kKeep.
    static constexpr size_t kWarmBuffers = 32;
    static constexpr size_t kKeep = size_t{64} << 10;

    enum class Outcome { Empty, Turn, Full, Gone };
    struct Slot {
        Buffer memory;
        size_t touched = 0;  // bytes of the data area that this request has used
    };

    Outcome read_some(RequestHandler& handler);
    Outcome outcome_of(int error) const;
    bool take_slot(uint32_t& index);
    void finish(Request request, int error, size_t length) override;
    void release(uint32_t slot) override;

    Ring& ring_;
    int device_;
    uint32_t max_requests_;
    std::vector<Slot> slots_;
    std::vector<uint32_t> idle_;  // the one used last on top: its pages are warm
    WaitQueue returned_;
};

}  // namespace s3b::fusell
