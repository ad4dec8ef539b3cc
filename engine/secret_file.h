// SPDX-License-Identifier: Apache-2.0
// Reads a file that may hold secrets, for the options; blocks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace s3b {

/// The first `most` bytes of the file at `path`, or all if those are fewer; nothing of it is left
/// elsewhere in memory. Nothing, and errno, on failure.
std::optional<std::string> read_secret_file(const std::string& path, size_t most);

}  // namespace s3b
