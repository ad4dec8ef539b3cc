// SPDX-License-Identifier: Apache-2.0
// Worker threads for pure functions that would hold the reactor too long (codecs and digests of
// large blocks). Work reaches them through lock-free rings, results come back by Reactor::post().
// Simulations use InlineExecutor.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/reactor/reactor.h"
#include "engine/reactor/work_ring.h"

namespace s3b {

class CpuPool;

/// Something that runs work aside of the caller.
class Executor {
public:
    /// A unit of work; `execute` runs anywhere, then `finish` runs on the caller's thread.
    class Work : public Posted {
    public:
        virtual void execute() = 0;
        virtual void finish() = 0;
        void arrive() final;

    protected:
        ~Work() = default;

    private:
        friend class CpuPool;
        CpuPool* pool_ = nullptr;
        bool urgent_ = false;
        Work* next_work_ = nullptr;
    };

    /// Urgent: somebody waits for the result. Normal: background work.
    enum class Priority { Urgent, Normal };

    virtual ~Executor() = default;
    virtual void submit(Work& work, Priority priority) = 0;
    /// Whether work of so much time is better done elsewhere.
    virtual bool hands_over(Duration cost) const = 0;

    /// `const auto r = co_await executor.run(fn);`: fn() runs on a worker and must touch nothing
    /// that the reactor may change meanwhile; or, if its estimated `cost` is small, at once and
    /// here. Yields what fn returns.
    template <class Fn>
    class Call final : public Work {
    public:
        Call(Executor& executor, Fn fn, Priority priority, Duration cost)
            : executor_(executor), fn_(std::move(fn)), priority_(priority), cost_(cost) {}
        Call(const Call&) = delete;
        bool await_ready() {
            if (executor_.hands_over(cost_)) return false;
            execute();
            return true;
        }
        void await_suspend(std::coroutine_handle<> awaiter) {
            awaiter_ = awaiter;
            executor_.submit(*this, priority_);
        }
        auto await_resume() { return std::move(*result_); }
        void execute() override { result_.emplace(fn_()); }
        void finish() override { Scheduler::current().make_ready(awaiter_); }

    private:
        Executor& executor_;
        Fn fn_;
        Priority priority_;
        Duration cost_;
        std::optional<std::invoke_result_t<Fn>> result_;
        std::coroutine_handle<> awaiter_;
    };
    template <class Fn>
    Call<Fn> run(Fn fn, Priority priority = Priority::Normal, Duration cost = Duration::max()) {
        return Call<Fn>(*this, std::move(fn), priority, cost);
    }
};

/// Runs the work at once on the caller's thread, whose coroutine then goes on from the loop.
class InlineExecutor final : public Executor {
public:
    void submit(Work& work, Priority) override {
        work.execute();
        work.arrive();
    }
    bool hands_over(Duration) const override { return true; }
};

/// `threads` workers "s3b-cpu-N" take all work, the urgent first; one more, "s3b-cpu-urgent", takes
/// only that, so that it never waits for the end of a long piece of other work. They sleep when
/// there is nothing to do. All functions are for the reactor's thread.
class CpuPool final : public Executor {
public:
    /// To wake a worker costs the reactor some 20 us and the work 40 us until it begins.
    static constexpr Duration kAlwaysHandedOver = std::chrono::microseconds(100);
    /// Where others are awake it costs less than one; and a busy reactor has no time to lose.
    static constexpr Duration kHandedOverInHaste = std::chrono::microseconds(25);
    /// So much less than the reactor do the workers of all work get where processors are short.
    static constexpr int kNice = 5;

    CpuPool(Reactor& reactor, unsigned threads);
    /// Waits for the workers; no work may be under way (its awaiters would never be resumed).
    ~CpuPool() override;
    void submit(Work& work, Priority priority) override;
    bool hands_over(Duration cost) const override {
        const bool haste = under_way_ > 0 || reactor_.busy();
        return cost >= (haste ? kHandedOverInHaste : kAlwaysHandedOver);
    }

private:
    friend class Executor::Work;
    /// Where workers sleep. A worker announces itself before it looks for work the last time; who
    /// brings work looks for sleepers after that: one of them sees the other.
    struct Bed {
        std::atomic<uint32_t> sleepers{0};
        std::atomic<uint32_t> calls{0};

        /// Until somebody wakes it; not at all if `calls` is not `seen` any more; at times sooner.
        void sleep(uint32_t seen);
        bool wake_one();
        void wake_all();

    private:
        void futex(int operation, uint32_t value);
    };
    /// Work for some workers, in its order; what the ring has no room for waits on the reactor.
    struct Queue {
        static constexpr size_t kRing = 1024;
        WorkRing<Work, kRing> ring;
        Work* first = nullptr;
        Work* last = nullptr;

        void add(Work& work);
        bool refill_one();
    };

    /// Results of short, normal work that a worker brings back together, as long as there is more
    /// to do: the reactor wakes up once for them.
    class Finished {
    public:
        static constexpr size_t kAtOnce = 4;
        static constexpr Duration kShort = std::chrono::microseconds(200);

        explicit Finished(Reactor& reactor) : reactor_(reactor) {}
        void add(Work& work, Duration took);
        void bring_back();

    private:
        Reactor& reactor_;
        std::array<Work*, kAtOnce> works_{};
        size_t count_ = 0;
    };

    Work* wait_for_work(bool urgent_only);
    void start(const std::string& name, bool urgent_only, int nice);
    void serve(bool urgent_only);
    Work* take(bool urgent_only);
    void wake_for_urgent();
    void returned();

    Reactor& reactor_;
    Queue urgent_;
    Queue normal_;
    Bed bed_;
    Bed urgent_bed_;
    std::atomic<bool> stopping_{false};
    size_t under_way_ = 0;  // submitted and not returned
    std::vector<std::thread> workers_;
};

}  // namespace s3b
