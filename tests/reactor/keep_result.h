// SPDX-License-Identifier: Apache-2.0
// The value of a task for a test that is no coroutine itself.
#pragma once

#include <optional>
#include <utility>

#include "engine/reactor/task.h"

namespace s3b {

/// Runs `task` and keeps what it yields in `result`, which must outlive this.
template <class T>
Task<void> keep_result(Task<T> task, std::optional<T>& result) {
    T value = co_await task;
    result.emplace(std::move(value));
}

}  // namespace s3b
