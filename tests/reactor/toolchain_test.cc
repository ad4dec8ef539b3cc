// SPDX-License-Identifier: Apache-2.0
// The shapes of awaits that this code base relies on, compiled and run: each counts the objects it
// makes and destroys, at once and across a suspension. What g++ 12.2 gets wrong (awaits inside
// conditions, ?:, braces, capturing lambdas) is kept out by scripts/check_await.py.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/reactor/task_group.h"
#include "tests/reactor/virtual_time.h"

namespace s3b {
namespace {

/// A value that knows how many live, and that owns memory, so that asan sees a double free.
class Value {
public:
    static inline int alive = 0;
    explicit Value(int n) : number_(std::make_unique<int>(n)) { ++alive; }
    Value(const Value& other) : number_(std::make_unique<int>(other.number())) { ++alive; }
    Value(Value&& other) noexcept : number_(std::move(other.number_)) { ++alive; }
    Value& operator=(Value&&) noexcept = default;
    ~Value() { --alive; }
    int number() const { return *number_; }

private:
    std::unique_ptr<int> number_;
};

/// Whether the awaited tasks suspend: set for each run of a shape.
bool g_suspends = false;

Task<void> pause() {
    if (g_suspends) co_await yield();
}
Task<Value> make(int n) {
    co_await pause();
    co_return Value(n);
}
Task<Result<Value>> make_or_fail(int n) {
    co_await pause();
    if (n < 0) co_return Error(Errc::Io, "negative");
    co_return Value(n);
}
Task<int> number_of(Value value) {
    co_await pause();
    co_return value.number();
}
Task<int> number_of_reference(const Value& value) {
    co_await pause();
    co_return value.number();
}

class Toolchain : public VirtualTime, public ::testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        g_suspends = GetParam();
        Value::alive = 0;
    }
    /// Runs a shape to its end and returns its number.
    int run(Task<int> shape) {
        int number = -1;
        TaskGroup group;
        group.spawn(keep(std::move(shape), number));
        run_ready();
        EXPECT_EQ(group.running(), 0U);
        EXPECT_EQ(Value::alive, 0);
        return number;
    }

private:
    static Task<void> keep(Task<int> shape, int& number) { number = co_await shape; }
};

INSTANTIATE_TEST_SUITE_P(Shapes, Toolchain, ::testing::Values(false, true),
                         [](const auto& shape) { return shape.param ? "Suspending" : "AtOnce"; });

Task<int> temporaries_with_constructors() {
    int sum = co_await number_of(Value(1));
    sum += 0;
    const int second = co_await number_of_reference(Value(2));
    co_return sum + second;
}
TEST_P(Toolchain, TemporariesWithConstructorsInAnAwaitedCall) {
    EXPECT_EQ(run(temporaries_with_constructors()), 3);
}

Task<size_t> total(std::string text, std::optional<Value> value, std::pair<Value, int> pair,
                   std::tuple<Value, std::string> tuple, std::shared_ptr<Value> shared,
                   std::unique_ptr<Value> unique) {
    co_await pause();
    const int sum = value->number() + pair.first.number() + std::get<0>(tuple).number() +
                    shared->number() + unique->number();
    co_return text.size() + std::get<1>(tuple).size() + static_cast<size_t>(sum);
}
Task<int> standard_temporaries() {
    const size_t sum = co_await total(
        std::string(40, 'x'), std::optional<Value>(Value(1)), std::pair<Value, int>(Value(2), 0),
        std::tuple<Value, std::string>(Value(3), std::string(40, 'y')), std::make_shared<Value>(4),
        std::make_unique<Value>(5));
    co_return static_cast<int>(sum);
}
TEST_P(Toolchain, TemporariesOfTheStandardLibraryInAnAwaitedCall) {
    EXPECT_EQ(run(standard_temporaries()), 95);
}

Task<int> length_of(std::string_view text) {
    co_await pause();
    co_return static_cast<int>(text.size() + (text.front() == 'v' ? 100 : 0));
}
Task<int> view_of_a_temporary() { co_return co_await length_of(std::string(50, 'v')); }
TEST_P(Toolchain, AViewOfATemporaryLivesUntilTheAwaitIsOver) {
    EXPECT_EQ(run(view_of_a_temporary()), 150);
}

Task<int> return_of_an_await() { co_return co_await number_of(Value(4)); }
TEST_P(Toolchain, ReturnOfAnAwait) { EXPECT_EQ(run(return_of_an_await()), 4); }

Task<int> assignments() {
    Value value(0);
    value = co_await make(5);
    std::vector<Value> list;
    list.push_back(Value(0));
    list[0] = co_await make(6);
    const Value last = co_await make(7);
    co_return value.number() + list[0].number() + last.number();
}
TEST_P(Toolchain, AnAwaitAssignedToALocalAnElementAndAConstant) {
    EXPECT_EQ(run(assignments()), 18);
}

Task<int> if_with_initialiser(int n) {
    if (const auto made = co_await make_or_fail(n); made.has_value()) {
        co_return made->number();
    }
    co_return -2;
}
TEST_P(Toolchain, AnIfWithAnAwaitAsItsInitialiser) {
    EXPECT_EQ(run(if_with_initialiser(8)), 8);
    EXPECT_EQ(run(if_with_initialiser(-1)), -2);
}

Task<Result<int>> sum_or_error(int a, int b) {
    CO_TRY(const Value first, co_await make_or_fail(a));
    CO_TRY(const Value second, co_await make_or_fail(b));
    CO_TRY_VOID(co_await make_or_fail(first.number() + second.number()));
    co_return first.number() + second.number();
}
Task<int> try_macros(int a, int b) {
    const Result<int> sum = co_await sum_or_error(a, b);
    co_return sum.has_value() ? *sum : -3;
}
TEST_P(Toolchain, TheTryMacrosLeaveEarlyAndFreeEverything) {
    EXPECT_EQ(run(try_macros(1, 2)), 3);
    EXPECT_EQ(run(try_macros(-1, 2)), -3);
    EXPECT_EQ(run(try_macros(1, -2)), -3);
}

Task<int> conditions() {
    int sum = 0;
    const int one = co_await number_of(Value(1));
    const int two = co_await number_of(Value(2));
    if (one == 1 && two == 2) sum += 1;
    if (one == 2 || two == 2) sum += 10;
    switch (two) {
        case 2:
            co_await pause();
            sum += 100;
            break;
        default: co_return 0;
    }
    co_return sum;
}
TEST_P(Toolchain, ConditionsOnAwaitedLocalsWithAwaitsInTheBranches) {
    EXPECT_EQ(run(conditions()), 111);
}

Task<std::vector<Value>> make_list(int count) {
    std::vector<Value> list;
    for (int i = 0; i < count; ++i) {
        list.push_back(Value(i));
        co_await pause();
    }
    co_return list;
}
Task<int> loop_over_an_awaited_list() {
    int sum = 0;
    const auto list = co_await make_list(5);
    for (const Value& value : list) {
        const int number = co_await number_of_reference(value);
        sum += number;
    }
    co_return sum;
}
TEST_P(Toolchain, ALoopOverAnAwaitedListWithAwaitsInside) {
    EXPECT_EQ(run(loop_over_an_awaited_list()), 10);
}

Task<std::pair<Value, Value>> make_pair() {
    co_await pause();
    co_return std::pair<Value, Value>(Value(3), Value(4));
}
Task<int> binding_of_a_named_result() {
    const auto pair = co_await make_pair();
    const auto& [first, second] = pair;
    co_await pause();
    co_return first.number() * 10 + second.number();
}
TEST_P(Toolchain, AStructuredBindingOfANamedResult) {
    EXPECT_EQ(run(binding_of_a_named_result()), 34);
}

Task<int> await_both(Task<Value> first, Task<Value> second) {
    const Value a = co_await first;
    const Value b = co_await second;
    co_return a.number() * 10 + b.number();
}
TEST_P(Toolchain, TasksAsArguments) { EXPECT_EQ(run(await_both(make(1), make(2))), 12); }

template <class Fn>
Task<int> call(Fn fn) {
    co_await pause();
    co_return fn();
}
Task<int> named_lambda() {
    Value captured(6);
    auto fn = [taken = std::move(captured)] { return taken.number(); };
    const int first = co_await call(std::move(fn));
    const int second = co_await call([] { return 1; });
    co_return first + second;
}
TEST_P(Toolchain, ANamedLambdaWithCapturesIsMovedInAndACapturelessOneIsPassed) {
    EXPECT_EQ(run(named_lambda()), 7);
}

Task<int> lambda_coroutine() {
    const auto twice = [](int n) -> Task<int> {
        const Value value = co_await make(n);
        co_return value.number() * 2;
    };
    co_return co_await twice(21);
}
TEST_P(Toolchain, ACoroutineLambdaWithoutCaptures) { EXPECT_EQ(run(lambda_coroutine()), 42); }

/// An aggregate with a constructor, as all that pass through coroutines have.
struct Request {
    Value value{1};
    std::string text = "a text that does not fit into the string itself";
    Request() = default;
};
Task<int> send(Request request) {
    co_await pause();
    co_return request.value.number() + static_cast<int>(request.text.size());
}
Task<int> named_request() {
    Request request;
    request.value = co_await make(3);
    const int sum = co_await send(std::move(request));
    const int other = co_await send(Request());
    co_return sum * 100 + other;
}
TEST_P(Toolchain, AClassWithAConstructorByValueNamedOrNot) {
    EXPECT_EQ(run(named_request()), 5048);
}

Task<int> early_return(int n) {
    const Value outer(1);
    for (int i = 0; i < 10; ++i) {
        const Value inner = co_await make(i);
        if (inner.number() == n) co_return inner.number();
        if (i == 5) break;
    }
    co_return 100 + outer.number();
}
TEST_P(Toolchain, AReturnOutOfALoopFreesItsLocals) {
    EXPECT_EQ(run(early_return(3)), 3);
    EXPECT_EQ(run(early_return(9)), 101);
}

class Owner {
public:
    Task<int> add(int n) {
        const int number = co_await number_of(Value(n));
        sum_ += number;
        co_return sum_;
    }

private:
    int sum_ = 10;
};
Task<int> member_coroutine() {
    Owner owner;
    co_await owner.add(1);
    co_return co_await owner.add(2);
}
TEST_P(Toolchain, AMemberCoroutineKeepsItsObject) { EXPECT_EQ(run(member_coroutine()), 13); }

}  // namespace
}  // namespace s3b
