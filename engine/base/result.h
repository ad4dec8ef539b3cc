// SPDX-License-Identifier: Apache-2.0
// Failures of the world are values: Result<T> holds a T or an Error, with the member names of
// std::expected. Reading the wrong side aborts. Bugs are CHECKs instead; nothing throws.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/base/check.h"

namespace s3b {

/// What went wrong, as far as someone decides on it. fusell/ maps it to an errno in one function.
enum class Errc {
    NotFound,        // no such object (404)
    Unchanged,       // a conditional read found the expected version (304)
    Stale,           // the expected version is not there (412)
    Unauthorized,    // credentials refused (401)
    Forbidden,       // not allowed (403)
    Redirected,      // the store wants another host or region (3xx)
    Timeout,         // no answer in time
    Unreachable,     // cannot resolve or connect
    ServerError,     // 5xx, or the connection broke
    Refused,         // the store rejects the request (other 4xx)
    BadReply,        // an answer that cannot be right: length, header, encoding
    Unauthentic,     // an encrypted object has no HMAC or a wrong one: other keys, place, or damage
    OutcomeUnknown,  // a write was sent whole, but no answer came: it may yet take effect
    Io,              // a local file operation failed, see Error::sys_errno
    NoSpace,         // a local limit is reached
    InvalidArgument,  // outside the volume, malformed
    ReadOnly,         // a write to a read-only volume
    Unsupported,      // not offered
    Busy,             // held by someone else
    Cancelled,        // given up because newer data or a shutdown made it pointless
};

/// A failure as a value. `what` is a string literal for the log; `sys_errno` is 0 unless a system
/// call failed.
struct Error {
    Errc code;
    int sys_errno = 0;
    const char* what = "";

    constexpr Error(Errc c, const char* text, int e = 0) : code(c), sys_errno(e), what(text) {}
};

/// The name of `code` as in the enumeration, for log lines.
const char* to_string(Errc code);
/// The error in words: its name, what happened, the system's reason.
std::string describe(const Error& error);

struct Unexpected {
    Error error;
};

/// A T, or the Error why there is none. Not thread-safe.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    // NOLINTBEGIN(google-explicit-constructor): a value or an error is returned as it is
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, error) {}
    Result(Unexpected unexpected) : state_(std::in_place_index<1>, unexpected.error) {}
    // NOLINTEND(google-explicit-constructor)

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    T& value() & {
        CHECK(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        CHECK(has_value());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        CHECK(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const {
        CHECK(!has_value());
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;
    Result() = default;
    // NOLINTBEGIN(google-explicit-constructor)
    Result(Error error) : error_(error) {}
    Result(Unexpected unexpected) : error_(unexpected.error) {}
    // NOLINTEND(google-explicit-constructor)

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }
    const Error& error() const {
        CHECK(error_.has_value());
        return *error_;
    }

private:
    std::optional<Error> error_;
};

inline Result<void> ok() { return {}; }

}  // namespace s3b

#define S3B_CONCAT_(a, b) a##b
#define S3B_CONCAT(a, b) S3B_CONCAT_(a, b)

/// `CO_TRY(const auto x, co_await f());`: declares `x` with the value, or co_returns the error.
#define CO_TRY(declaration, ...) \
    S3B_CO_TRY_(S3B_CONCAT(result_, __LINE__), declaration, __VA_ARGS__)
#define S3B_CO_TRY_(result, declaration, ...)                    \
    auto result = __VA_ARGS__;                                   \
    if (!result.has_value()) co_return ::s3b::Unexpected{result.error()};   \
    declaration = std::move(result).value()

/// `CO_TRY_VOID(co_await f());`: co_returns the error, if there is one.
#define CO_TRY_VOID(...) S3B_CO_TRY_VOID_(S3B_CONCAT(result_, __LINE__), __VA_ARGS__)
#define S3B_CO_TRY_VOID_(result, ...)       \
    auto result = __VA_ARGS__;              \
    if (!result.has_value()) co_return ::s3b::Unexpected{result.error()}

/// `TRY(...)`, `TRY_VOID(...)`: the same in plain functions.
#define TRY(declaration, ...) S3B_TRY_(S3B_CONCAT(result_, __LINE__), declaration, __VA_ARGS__)
#define S3B_TRY_(result, declaration, ...)                    \
    auto result = __VA_ARGS__;                                \
    if (!result.has_value()) return ::s3b::Unexpected{result.error()}; \
    declaration = std::move(result).value()
#define TRY_VOID(...) S3B_TRY_VOID_(S3B_CONCAT(result_, __LINE__), __VA_ARGS__)
#define S3B_TRY_VOID_(result, ...)          \
    auto result = __VA_ARGS__;              \
    if (!result.has_value()) return ::s3b::Unexpected{result.error()}
