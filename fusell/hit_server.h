// SPDX-License-Identifier: Apache-2.0
// A thread that answers reads of cached blocks, for the requests of some CPUs, and hands all others
// to the reactor.
#pragma once

#include <cstdint>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "engine/reactor/reactor.h"
#include "engine/reactor/sync.h"
#include "fusell/ring_entry.h"
#include "fusell/volume_port.h"

namespace s3b::fusell {

/// Belongs to the reactor's thread; what overrides RingEntry::Holder, to its own.
class HitServer final : public RingEntry::Holder {
public:
    /// The most bytes of a read that is answered here: a slice of some microseconds, and what an
    /// entry may keep resident.
    static constexpr uint32_t kMost = 64U << 10;
    /// RingEntry::hits_wanted at the most: twice as many each time that it came back in vain.
    static constexpr unsigned kMostHitsWanted = 1024;

    struct Settings {
        int device;          // of the mount
        uint64_t file_size;  // bytes of the volume
        HitReader& reader;
        std::string name;                 // of the thread
        std::vector<uint32_t> cpus = {};  // where it runs, if it may
    };
    /// Starts the thread. `reactor` is that of `rest`, who gets what is not answered here.
    HitServer(Reactor& reactor, RingEntry::Holder& rest, Settings settings);
    /// Ends the thread. The kernel must have let go of all entries.
    ~HitServer();
    HitServer(const HitServer&) = delete;
    HitServer& operator=(const HitServer&) = delete;

    /// Hands `entry`, which is on no ring, over.
    void give(RingEntry& entry);

private:
    struct Stop final : Posted {
        void arrive() override {
            stopped = true;
            waiting.wake_all();
        }
        bool stopped = false;
        WaitQueue waiting;
    };
    void run();
    Task<void> wait_for_stop();
    void completed(RingEntry& entry, int32_t result) override;
    void take(RingEntry& entry) override;
    bool answer(RingEntry& entry);

    Reactor& reactor_;
    RingEntry::Holder& rest_;
    Settings settings_;
    Reactor* own_ = nullptr;  // in the thread, whose frame it lives in
    std::binary_semaphore started_{0};
    std::binary_semaphore told_to_stop_{0};
    Stop stop_;
    std::thread thread_;
};

}  // namespace s3b::fusell
