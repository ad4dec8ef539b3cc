// SPDX-License-Identifier: Apache-2.0
// Result and its macros, in plain functions and in coroutines.
#include "engine/base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>

#include "engine/reactor/task.h"
#include "engine/reactor/task_group.h"

namespace s3b {
namespace {

const Error kFailure(Errc::Io, "disk", EIO);

Result<int> number(bool good) {
    if (!good) return kFailure;
    return 7;
}
Result<void> act(bool good) {
    if (!good) return kFailure;
    return ok();
}

TEST(Result, HoldsAValue) {
    Result<std::string> result(std::string("text"));
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(*result, "text");
    EXPECT_EQ(result->size(), 4U);
    result.value() += "!";
    EXPECT_EQ(std::as_const(result).value(), "text!");
}

TEST(Result, HoldsAnErrorWithItsErrnoAndText) {
    const Result<int> result = kFailure;
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::Io);
    EXPECT_EQ(result.error().sys_errno, EIO);
    EXPECT_STREQ(result.error().what, "disk");
}

TEST(Result, GivesAValueAwayThatCannotBeCopied) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
    const std::unique_ptr<int> taken = std::move(result).value();
    EXPECT_EQ(*taken, 5);
}

TEST(Result, OfVoidIsOkOrAnError) {
    EXPECT_TRUE(ok().has_value());
    EXPECT_TRUE(Result<void>().has_value());
    const Result<void> failed = kFailure;
    EXPECT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::Io);
}

TEST(ResultDeathTest, ReadingTheWrongSideAborts) {
    Result<int> failed = kFailure;
    const Result<int> good = 1;
    const Result<void> done;
    EXPECT_DEATH((void)*failed, "has_value");
    EXPECT_DEATH((void)std::as_const(failed).value(), "has_value");
    EXPECT_DEATH((void)std::move(failed).value(), "has_value");
    EXPECT_DEATH((void)good.error(), "has_value");
    EXPECT_DEATH((void)done.error(), "has_value");
}

TEST(Result, EveryCodeHasANameOfItsOwn) {
    std::set<std::string> names;
    const int codes = static_cast<int>(Errc::Cancelled) + 1;
    for (int i = 0; i < codes; ++i) names.insert(to_string(static_cast<Errc>(i)));
    EXPECT_EQ(names.size(), static_cast<size_t>(codes));
    EXPECT_FALSE(names.contains("?"));
}

Result<int> twice(bool good, int& reached) {
    TRY(const int value, number(good));
    reached = value;
    return 2 * value;
}

TEST(Try, DeclaresTheValueOrReturnsTheError) {
    int reached = 0;
    EXPECT_EQ(twice(true, reached).value(), 14);
    EXPECT_EQ(reached, 7);
    reached = 0;
    EXPECT_EQ(twice(false, reached).error().code, Errc::Io);
    EXPECT_EQ(reached, 0);
}

Result<int> act_twice(bool first, bool second, int& reached) {
    TRY_VOID(act(first));
    ++reached;
    TRY_VOID(act(second));
    ++reached;
    return reached;
}

TEST(Try, VoidReturnsTheFirstError) {
    int reached = 0;
    EXPECT_TRUE(act_twice(true, true, reached).has_value());
    EXPECT_EQ(reached, 2);
    reached = 0;
    EXPECT_FALSE(act_twice(true, false, reached).has_value());
    EXPECT_EQ(reached, 1);
    reached = 0;
    EXPECT_FALSE(act_twice(false, true, reached).has_value());
    EXPECT_EQ(reached, 0);
}

Result<int> take_apart(bool good) {
    TRY(const auto owned,
        good ? Result(std::make_unique<int>(3)) : Result<std::unique_ptr<int>>(kFailure));
    return *owned;
}

TEST(Try, MovesTheValueOut) {
    EXPECT_EQ(take_apart(true).value(), 3);
    EXPECT_FALSE(take_apart(false).has_value());
}

Task<Result<std::string>> name(bool good) {
    if (!good) co_return kFailure;
    co_return std::string("a name that is too long for the small string buffer");
}
Task<Result<void>> act_later(bool good) {
    if (!good) co_return kFailure;
    co_return ok();
}

Task<Result<size_t>> length(bool first, bool second, int& reached) {
    CO_TRY_VOID(co_await act_later(first));
    ++reached;
    CO_TRY(const std::string text, co_await name(second));
    ++reached;
    co_return text.size();
}

Task<void> store(Task<Result<size_t>> task, std::optional<Result<size_t>>& into) {
    auto result = co_await task;
    into.emplace(std::move(result));
}

class CoTryTest : public ::testing::Test {
protected:
    Result<size_t> length_of(bool first, bool second) {
        std::optional<Result<size_t>> result;
        TaskGroup group;
        group.spawn(store(length(first, second, reached_), result));
        return *result;
    }
    ManualClock clock_;
    Scheduler scheduler_{clock_};
    int reached_ = 0;
};

TEST_F(CoTryTest, DeclaresTheValue) {
    EXPECT_EQ(length_of(true, true).value(), 51U);
    EXPECT_EQ(reached_, 2);
}

TEST_F(CoTryTest, ReturnsTheErrorAtOnce) {
    EXPECT_EQ(length_of(true, false).error().sys_errno, EIO);
    EXPECT_EQ(reached_, 1);
    reached_ = 0;
    EXPECT_EQ(length_of(false, true).error().code, Errc::Io);
    EXPECT_EQ(reached_, 0);
}

}  // namespace
}  // namespace s3b
