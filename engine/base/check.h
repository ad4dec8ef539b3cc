// SPDX-License-Identifier: Apache-2.0
// CHECK: a condition that only a bug of ours can break. Always on. DCHECK: the same where the test
// costs too much for release builds. Never for input: objects, options and FUSE arguments yield a
// Result.
#pragma once

namespace s3b {

/// Prints where and what to stderr and to the system log, then aborts. Thread-safe.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace s3b

#define CHECK(condition)                                                   \
    do {                                                                   \
        if (!(condition)) [[unlikely]]                                     \
            ::s3b::check_failed(#condition, __FILE__, __LINE__);           \
    } while (false)

#ifdef NDEBUG
#define DCHECK(condition)                      \
    do {                                       \
        static_cast<void>(sizeof(condition));  \
    } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif
