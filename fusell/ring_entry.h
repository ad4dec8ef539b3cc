// SPDX-License-Identifier: Apache-2.0
// One request at a time on its way over io_uring, and whose ring it is on.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/buffer.h"
#include "engine/reactor/reactor.h"
#include "engine/reactor/ring.h"
#include "fusell/uring_abi.h"

namespace s3b::fusell {

/// Belongs to its holder's thread; handed to another one by Reactor::post().
struct RingEntry final : Completion, Posted {
    /// A thread with a ring, on which the kernel hands requests over.
    class Holder {
    public:
        /// The kernel has answered: a request has come, or -errno.
        virtual void completed(RingEntry& entry, int32_t result) = 0;
        /// Another holder hands `entry` over, which is on no ring.
        virtual void take(RingEntry& entry) = 0;

    protected:
        ~Holder() = default;
    };
    enum class State : uint8_t {
        Registering,  // the kernel has not answered yet
        Idle,         // in the kernel
        Arrived,      // a request has come
        Handled,      // somebody works on it
        Dead,         // the kernel has let go of it
    };

    static constexpr uint16_t kHitsWanted = 4;

    RingEntry(Holder& of, uint32_t number, uint16_t of_queue, size_t transfer);
    void complete(int32_t result) override { holder->completed(*this, result); }
    void arrive() override { holder->take(*this); }
    std::byte* payload() { return memory.bytes().data() + Buffer::kAlignment; }
    /// The answer: an errno, or 0 and the first `length` bytes of the payload.
    void set_answer(int error, size_t length);
    /// The kernel gets the entry as it is: for the first time, or with the answer.
    void submit(Ring& ring, int device);

    Holder* holder;
    uint32_t index;
    uint16_t queue;
    State state = State::Registering;
    bool fat = false;                    // much of its memory is resident
    uint16_t hits_in_a_row = 0;          // reads that the reactor has answered at once
    uint16_t hits_wanted = kHitsWanted;  // after so many of them it goes back to its hit server
    int32_t outcome = 0;                 // for take(): what the kernel has answered
    size_t brought = 0;                  // bytes of the payload that came with this request
    uint64_t unique = 0;                 // of the request
    Buffer memory;          // a page with the header in front and a message behind, the payload
    uring::Header* header;  // in it
    std::array<iovec, 2> pieces;
};

}  // namespace s3b::fusell
