// SPDX-License-Identifier: Apache-2.0
// Whole reads and writes of a file, blocking. 0, or the errno why not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace s3b {

/// EIO if the file ends before.
int read_fully(int descriptor, std::span<std::byte> into, uint64_t offset);
int write_fully(int descriptor, std::span<const std::byte> from, uint64_t offset);
/// Makes the names in the folder of `path` durable.
int sync_folder_of(const std::string& path);

}  // namespace s3b
