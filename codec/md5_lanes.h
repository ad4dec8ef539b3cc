// SPDX-License-Identifier: Apache-2.0
// MD5 of several bodies in the time of one. Each step of MD5 waits for the one before, so that one
// body keeps a quarter of a processor core busy: others are computed in between.
#pragma once

#include <cstddef>
#include <span>

#include "engine/base/digest.h"
#include "engine/base/types.h"

namespace s3b::codec {

/// More at once would need more registers than there are.
constexpr size_t kMd5Lanes = 3;

/// The MD5 of each of `bodies`, at most kMd5Lanes, into the same places of `digests`. Bodies of the
/// same length profit most. Thread-safe.
void md5_of_all(std::span<const std::span<const std::byte>> bodies, std::span<Md5> digests);

/// About how long that takes a core of today, if `longest` is the length of the longest.
constexpr Duration md5_time(ByteCount longest, size_t bodies) {
    const uint64_t percent = 120 + 10 * bodies;
    return Duration(static_cast<int64_t>(longest.value * percent / 100));
}

}  // namespace s3b::codec
