// SPDX-License-Identifier: Apache-2.0
// The vocabulary of sizes, positions and times. A number that counts something has a type, so that
// a block number is never added to a byte offset; plain integers stay inside functions.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace s3b {

/// How many of something.
template <class Unit, class Rep>
struct Count {
    Rep value;
    constexpr explicit Count(Rep v = 0) : value(v) {}
    friend constexpr auto operator<=>(Count, Count) = default;
    friend constexpr Count operator+(Count a, Count b) { return Count(a.value + b.value); }
    friend constexpr Count operator-(Count a, Count b) { return Count(a.value - b.value); }
};

/// Which one of something, from 0. `CountRep` is wider where the count may be one more than the
/// largest index can say (2^32 blocks).
template <class Unit, class Rep, class CountRep = Rep>
struct Index {
    Rep value;
    constexpr explicit Index(Rep v = 0) : value(v) {}
    friend constexpr auto operator<=>(Index, Index) = default;
    friend constexpr Index operator+(Index i, Count<Unit, CountRep> n) {
        return Index(static_cast<Rep>(i.value + n.value));
    }
    friend constexpr Count<Unit, CountRep> operator-(Index a, Index b) {
        return Count<Unit, CountRep>(static_cast<CountRep>(a.value) - b.value);
    }
};

using ByteCount = Count<struct Byte, uint64_t>;
using ByteOffset = Index<struct Byte, uint64_t>;
using BlockCount = Count<struct Block, uint64_t>;
using BlockNumber = Index<struct Block, uint32_t, uint64_t>;
using SlotCount = Count<struct Slot, uint32_t>;
using SlotIndex = Index<struct Slot, uint32_t>;

/// Time since an arbitrary start; never stepped. The scheduler hands it out.
struct MonotonicClock {
    using rep = int64_t;
    using period = std::nano;
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};
using Duration = MonotonicClock::duration;
using Instant = MonotonicClock::time_point;
using WallTime = std::chrono::system_clock::time_point;

inline constexpr Instant kNever = Instant::max();

/// Block and volume size. Invariants (made sure by engine/options): block_size is a power of two
/// of at most 2^31 bytes, the volume is 1 to 2^32 whole blocks.
struct Geometry {
    ByteCount block_size;
    BlockCount blocks;

    constexpr ByteCount volume_size() const { return ByteCount(block_size.value * blocks.value); }
    constexpr BlockNumber block_of(ByteOffset offset) const {
        return BlockNumber(static_cast<uint32_t>(offset.value / block_size.value));
    }
    constexpr uint64_t offset_in_block(ByteOffset offset) const {
        return offset.value % block_size.value;
    }
    friend constexpr bool operator==(const Geometry&, const Geometry&) = default;
};

}  // namespace s3b

template <class Unit, class Rep, class CountRep>
struct std::hash<s3b::Index<Unit, Rep, CountRep>> {
    size_t operator()(s3b::Index<Unit, Rep, CountRep> index) const noexcept {
        uint64_t mixed = static_cast<uint64_t>(index.value) * 0x9E3779B97F4A7C15ULL;
        return static_cast<size_t>(mixed ^ (mixed >> 32));
    }
};
