// SPDX-License-Identifier: Apache-2.0
// Blocks to measure the codec with, always the same: a mixture such as volumes hold, and noise.
#pragma once

#include <cstddef>
#include <vector>

namespace s3b {

/// Pieces of prose, source code, records with numbers, and some noise in turn, 2 KiB at most: like
/// a root file system, it becomes about half.
std::vector<std::byte> mixed_block(size_t size);

/// What cannot be compressed.
std::vector<std::byte> noise_block(size_t size);

}  // namespace s3b
