// SPDX-License-Identifier: Apache-2.0
// Task<T>: a coroutine owned by the one who awaits it. It starts inline when awaited, and at its
// end its awaiter goes to the ready queue: no symmetric transfer, which overflows the stack on
// g++ 12.2 below -O2 and under the sanitizers (ARCHITECTURE.md, coroutine rules).
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <source_location>
#include <utility>

#include "engine/base/check.h"
#include "engine/reactor/scheduler.h"

namespace s3b {

template <class T>
class Task;

namespace detail {

struct PromiseBase {
    std::coroutine_handle<> awaiter;
    std::source_location where;  // the co_await that this coroutine waits at, for debuggers
    bool starting = false;       // still inside the awaiter's await_suspend: do not queue it

    std::suspend_always initial_suspend() noexcept { return {}; }

    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> self) noexcept {
            PromiseBase& promise = self.promise();
            if (!promise.starting) Scheduler::current().make_ready(promise.awaiter);
        }
        void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object();
    template <class U>
    void return_value(U&& u) {
        value.emplace(std::forward<U>(u));
    }
    T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();
    void return_void() {}
    void take() {}
};

}  // namespace detail

/// A lazily started coroutine. Await it exactly once (`co_await f();`), or give it to a
/// TaskGroup. Destroying a task that waits for something is a bug (CHECKed).
template <class T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;

    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (!handle_) return;
        CHECK(handle_.done() || !handle_.promise().awaiter);
        handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    template <class Awaiting>
    bool await_suspend(std::coroutine_handle<Awaiting> awaiter,
                       std::source_location where = std::source_location::current()) {
        if constexpr (requires { awaiter.promise().where; }) awaiter.promise().where = where;
        detail::PromiseBase& promise = handle_.promise();
        promise.awaiter = awaiter;
        promise.starting = true;
        handle_.resume();
        promise.starting = false;
        return !handle_.done();
    }
    T await_resume() { return handle_.promise().take(); }

private:
    std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace s3b
