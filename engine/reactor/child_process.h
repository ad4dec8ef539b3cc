// SPDX-License-Identifier: Apache-2.0
// Runs a program aside while the reactor goes on.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/task.h"

namespace s3b {

/// Runs `arguments[0]`, looked up in PATH, with standard streams as ours, and waits for its end.
/// Yields its exit status, 128 + the signal that ended it, or -1 if somebody else has reaped it.
/// Errors: Io (cannot start).
Task<Result<int>> run_child(Ring& ring, std::vector<std::string> arguments);

/// What a program has left behind.
struct ChildOutput {
    int status = 0;         // as of run_child()
    size_t length = 0;      // bytes of its standard output
    std::string complaint;  // the first line of its standard error, at most kMaxComplaint bytes

    ChildOutput() = default;
};
inline constexpr size_t kMaxComplaint = 256;

/// As run_child(), but with an empty standard input, and with its standard output in `into`, which
/// may hold a part of it after an error, too. Waits for the program, not for others that it has
/// left behind. Kills it, and what runs in its process group, after `limit` or when `into` is too
/// small. Errors: Io (cannot start), Timeout, NoSpace (more output than `into` holds).
Task<Result<ChildOutput>> capture_child(Ring& ring, std::vector<std::string> arguments,
                                        std::span<std::byte> into, Duration limit);

}  // namespace s3b
