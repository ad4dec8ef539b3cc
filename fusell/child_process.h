// SPDX-License-Identifier: Apache-2.0
// Runs a program aside while the reactor goes on.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/task.h"

namespace s3b::fusell {

/// Runs `arguments[0]`, looked up in PATH, with standard streams as ours, and waits for its end.
/// Yields its exit status, 128 + the signal that ended it, or -1 if somebody else has reaped it.
/// Errors: Io (cannot start).
Task<Result<int>> run_child(Ring& ring, std::vector<std::string> arguments);

}  // namespace s3b::fusell
