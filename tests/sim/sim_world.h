// SPDX-License-Identifier: Apache-2.0
// A real Volume, with its real cache and flows, on a fake bucket and a manual clock: no kernel, no
// thread, no time but the one that the test lets pass.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/check.h"
#include "engine/reactor/cpu_pool.h"
#include "engine/reactor/task_group.h"
#include "engine/volume.h"
#include "tests/fakes/fake_bucket.h"
#include "tests/reactor/keep_result.h"

namespace s3b {

/// A volume of `blocks` blocks of `block_size` bytes with a cache of `cache_size` blocks.
inline VolumeSettings sim_settings(uint64_t block_size, uint64_t blocks, uint32_t cache_size) {
    VolumeSettings settings;
    settings.geometry = Geometry{ByteCount(block_size), BlockCount(blocks)};
    settings.cache.size = cache_size;
    return settings;
}

/// Runs what is ready, and moves time only when told to.
class SimLoop {
public:
    /// Runs until nothing more happens at the present time.
    void run_until_idle();
    /// Lets so much time pass, event by event.
    void run_for(Duration duration);
    /// Lets time pass until `done()`; false if it does not become true within `limit`.
    template <class Done>
    bool run_until(Done done, Duration limit = std::chrono::hours(24));
    /// Runs `task` to its end; what it yields.
    template <class T>
    T result_of(Task<T> task);
    Scheduler& scheduler() { return scheduler_; }
    Instant now() { return clock_.now(); }

private:
    /// Moves time to the next event, at the most to `end`; false if there is none before.
    bool advance(Instant end);

    ManualClock clock_;
    Scheduler scheduler_{clock_};
};

/// One request that the test has started. Lives as long as its world.
struct SimRequest {
    bool done = false;
    Result<void> outcome;
    std::vector<std::byte> bytes;  // read, or to be written

    bool ok() const { return done && outcome.has_value(); }
    bool failed() const { return done && !outcome.has_value(); }
};

class SimWorld {
public:
    /// Without a codec blocks are stored as they are. `file` is for one mount and outlives this.
    explicit SimWorld(const VolumeSettings& settings,
                      std::unique_ptr<codec::BlockCodec> codec = nullptr,
                      const FileTierNeeds* file = nullptr);
    /// Takes all faults back and drains the volume.
    ~SimWorld();

    SimRequest& start_read(uint64_t offset, uint64_t length);
    SimRequest& start_write(uint64_t offset, std::vector<std::byte> bytes);
    SimRequest& start_zero(uint64_t offset, uint64_t length);
    SimRequest& start_flush();
    /// Starts writing everything back, once all requests have ended.
    SimRequest& start_drain();
    /// Starts and runs to its end, however long it takes.
    SimRequest& read(uint64_t offset, uint64_t length) {
        return finish(start_read(offset, length));
    }
    SimRequest& write(uint64_t offset, std::vector<std::byte> bytes) {
        return finish(start_write(offset, std::move(bytes)));
    }
    SimRequest& flush() { return finish(start_flush()); }
    SimRequest& drain() { return finish(start_drain()); }
    SimRequest& finish(SimRequest& request);
    /// Drains, and goes on with a fresh volume, which knows nothing, on the same bucket.
    void remount();
    /// Once a mount at the most.
    void start_survey(uint32_t threads) { volume_->start_survey(threads); }
    size_t running() const { return requests_.running(); }

    /// The key of a block.
    static std::string key(uint32_t block) { return codec::ObjectNames("").of(BlockNumber(block)); }
    Volume& volume() { return *volume_; }
    codec::BlockCodec& codec() { return *codec_; }

    SimLoop loop;
    net::FakeBucket bucket;

private:
    using Start = Task<Result<void>>;
    SimRequest& run(SimRequest& request, Start task);
    static SimRequest& done(SimRequest& request);
    static Task<void> await(SimRequest& request, Start task);
    Task<Result<void>> drain_volume();
    bool hit(ByteOffset offset, std::span<std::byte> into);

    void mount();

    VolumeSettings settings_;
    std::unique_ptr<codec::BlockCodec> codec_;
    const FileTierNeeds* file_;
    InlineExecutor executor_;
    net::TransferScheduler scheduler_;
    std::unique_ptr<Volume> volume_;
    std::deque<SimRequest> all_;
    TaskGroup requests_;
    TaskGroup background_;
    bool drained_ = false;
    bool tries_beside_ = false;
};

template <class Done>
bool SimLoop::run_until(Done done, Duration limit) {
    const Instant end = now() + limit;
    run_until_idle();
    while (!done()) {
        if (!advance(end)) return false;
        run_until_idle();
    }
    return true;
}

template <class T>
T SimLoop::result_of(Task<T> task) {
    std::optional<T> result;
    TaskGroup group;
    group.spawn(keep_result(std::move(task), result));
    CHECK(run_until([&group] { return group.running() == 0; }));
    return std::move(*result);
}

}  // namespace s3b
