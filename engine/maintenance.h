// SPDX-License-Identifier: Apache-2.0
// What is done to a store without a mount: erasing it, resetting its mount token.
// Source: command-line.md 6.
#pragma once

#include "engine/config.h"
#include "engine/options.h"

namespace s3b {

/// Erases or resets, in the foreground; yields the exit status. SIGINT and the like end it at once,
/// which leaves the mount token: what was not deleted yet can be erased again.
int run_maintenance(CommandLine::Action action, Config config);

}  // namespace s3b
