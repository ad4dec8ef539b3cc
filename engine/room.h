// SPDX-License-Identifier: Apache-2.0
// Waiting for room in the cache, first come, first served. Whoever finds no room joins a line; the
// one at its head tries again after each change, the others when their turn comes: no wake-up is
// lost, and none is spent on those who cannot use it.
#pragma once

#include <chrono>
#include <cstdint>

#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

namespace s3b {

/// Belongs to the reactor's thread.
class Room {
public:
    /// So much later is soon.
    static constexpr Duration kSoon = std::chrono::milliseconds(1);

    /// Those who wait for one kind of room. Reads need a slot; writes need one, or leave to make
    /// another block dirty: they must not hold each other up.
    class Line {
    public:
        explicit Line(Room& room) : room_(room) {}
        /// Whether somebody waits: who comes now and needs room has to queue behind them.
        bool occupied() const { return waiting_ > 0; }

    private:
        friend class Room;
        Room& room_;
        Semaphore head_{1};
        uint32_t waiting_ = 0;
    };

    /// One's place in a line; leaves it at the end of its life.
    class Turn {
    public:
        explicit Turn(Line& line) : line_(line) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() { leave(); }
        /// Ends when it may be worth to try (again). `soon`: what is in the way goes within
        /// microseconds, and no change tells of it.
        Task<void> wait(bool soon = false);
        /// Lets the next one try: who has found room, and waits for something else, leaves.
        void leave();

    private:
        Line& line_;
        bool at_head_ = false;
    };

    /// A slot may have become free or evictable, or a block has become clean.
    void changed() { changes_.wake_all(); }
    /// Whether somebody waits: dirty blocks are to be written back at once then.
    bool awaited() const { return waiting_ > 0; }

    Line& reads() { return reads_; }
    Line& writes() { return writes_; }
    /// Told when the first one begins to wait; set once.
    using Listener = void (*)(void* context);
    void on_wait(Listener listener, void* context) {
        listener_ = listener;
        context_ = context;
    }

private:
    WaitQueue changes_;
    uint32_t waiting_ = 0;
    Listener listener_ = nullptr;
    void* context_ = nullptr;
    Line reads_{*this};
    Line writes_{*this};
};

}  // namespace s3b
