// SPDX-License-Identifier: Apache-2.0
// Worker threads for pure functions that would hold the reactor too long (digests and codecs of
// large blocks). Results come back by Reactor::post(). Simulations use InlineExecutor.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/reactor/reactor.h"

namespace s3b {

/// Something that runs work aside of the caller.
class Executor {
public:
    /// A unit of work; `execute` runs anywhere, then `finish` runs on the caller's thread.
    class Work : public Posted {
    public:
        virtual void execute() = 0;

    protected:
        ~Work() = default;

    private:
        friend class CpuPool;
        Work* next_work_ = nullptr;
    };

    /// Urgent: somebody waits for the result. Normal: background work.
    enum class Priority { Urgent, Normal };

    virtual ~Executor() = default;
    virtual void submit(Work& work, Priority priority) = 0;

    /// `const auto r = co_await executor.run(fn);`: fn() runs on a worker and must touch nothing
    /// that the reactor may change meanwhile. Yields what fn returns.
    template <class Fn>
    class Call final : public Work {
    public:
        Call(Executor& executor, Fn fn, Priority priority)
            : executor_(executor), fn_(std::move(fn)), priority_(priority) {}
        Call(const Call&) = delete;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> awaiter) {
            awaiter_ = awaiter;
            executor_.submit(*this, priority_);
        }
        auto await_resume() { return std::move(*result_); }
        void execute() override { result_.emplace(fn_()); }
        void arrive() override { Scheduler::current().make_ready(awaiter_); }

    private:
        Executor& executor_;
        Fn fn_;
        Priority priority_;
        std::optional<std::invoke_result_t<Fn>> result_;
        std::coroutine_handle<> awaiter_;
    };
    template <class Fn>
    Call<Fn> run(Fn fn, Priority priority = Priority::Normal, Duration = Duration::max()) {
        return Call<Fn>(*this, std::move(fn), priority);
    }
};

/// Runs the work at once on the caller's thread.
class InlineExecutor final : public Executor {
public:
    void submit(Work& work, Priority) override {
        work.execute();
        work.arrive();
    }
};

/// `threads` workers named "s3b-cpu-N"; they sleep when there is no work.
class CpuPool final : public Executor {
public:
    CpuPool(Reactor& reactor, unsigned threads);
    /// Waits for the workers; no work may be under way (its awaiters would never be resumed).
    ~CpuPool() override;
    void submit(Work& work, Priority priority) override;

private:
    void serve();

    Reactor& reactor_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    Work* first_ = nullptr;
    Work* last_ = nullptr;
    bool stopping_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace s3b
