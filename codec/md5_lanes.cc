// SPDX-License-Identifier: Apache-2.0
#include "codec/md5_lanes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "engine/base/check.h"

// Source: RFC 1321. `a` to `d`, the sines and the turns are its names.
namespace s3b::codec {

namespace {

constexpr size_t kChunk = 64;  // MD5 goes through a body in chunks of so many bytes
constexpr size_t kLength = 8;  // bytes at the end of the last one that tell the body's length

constexpr std::array<uint32_t, 64> kSines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int kTurns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

constexpr uint32_t little_endian(uint32_t value) {
    return std::endian::native == std::endian::little ? value : __builtin_bswap32(value);
}

/// What is left of one body.
struct Lane {
    std::array<uint32_t, 4> state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const std::byte* next = nullptr;
    size_t chunks = 0;  // from `next` on
    bool in_end = false;
    size_t end_chunks = 0;
    std::array<std::byte, 2 * kChunk> end{};  // what is no whole chunk, and the padding

    Lane() = default;
    void begin(std::span<const std::byte> body);
    /// False: there is no more of it.
    bool has_more();
};

void Lane::begin(std::span<const std::byte> body) {
    next = body.data();
    chunks = body.size() / kChunk;
    const std::span<const std::byte> rest = body.subspan(chunks * kChunk);
    std::ranges::copy(rest, end.begin());
    end[rest.size()] = std::byte{0x80};
    end_chunks = rest.size() + 1 + kLength <= kChunk ? 1 : 2;
    const uint64_t bits = uint64_t{body.size()} * 8;
    for (size_t i = 0; i < kLength; ++i) {
        end[end_chunks * kChunk - kLength + i] = static_cast<std::byte>(bits >> (8 * i));
    }
}

bool Lane::has_more() {
    if (chunks == 0 && !in_end) {
        next = end.data();
        chunks = end_chunks;
        in_end = true;
    }
    return chunks > 0;
}

/// One of the four words of the state of N bodies.
template <size_t N>
using Words = std::array<uint32_t, N>;

template <int I, size_t N>
[[gnu::always_inline]] inline void step(Words<N>& a, const Words<N>& b, const Words<N>& c,
                                        const Words<N>& d,
                                        const std::array<const std::byte*, N>& chunks) {
    constexpr int kRound = I / 16;
    constexpr std::array<int, 4> kOrder = {I, 5 * I + 1, 3 * I + 5, 7 * I};
    constexpr size_t kAt = sizeof(uint32_t) * (kOrder[kRound] % 16);
#pragma GCC unroll 4
    for (size_t n = 0; n < N; ++n) {
        uint32_t word = 0;
        std::memcpy(&word, chunks[n] + kAt, sizeof(word));
        uint32_t sum = a[n] + little_endian(word) + kSines[I];
        if constexpr (kRound == 0) sum += ((c[n] ^ d[n]) & b[n]) ^ d[n];
        if constexpr (kRound == 1) sum += (c[n] & ~d[n]) + (b[n] & d[n]);
        if constexpr (kRound == 2) sum += (c[n] ^ d[n]) ^ b[n];
        if constexpr (kRound == 3) sum += c[n] ^ (b[n] | ~d[n]);
        a[n] = std::rotl(sum, kTurns[kRound][I % 4]) + b[n];
    }
}

template <size_t N, int... Fours>
[[gnu::always_inline]] inline void all_steps(Words<N>& a, Words<N>& b, Words<N>& c, Words<N>& d,
                                             const std::array<const std::byte*, N>& chunks,
                                             std::integer_sequence<int, Fours...>) {
    ((step<4 * Fours>(a, b, c, d, chunks), step<4 * Fours + 1>(d, a, b, c, chunks),
      step<4 * Fours + 2>(c, d, a, b, chunks), step<4 * Fours + 3>(b, c, d, a, chunks)),
     ...);
}

/// Goes on with N bodies, as far as each of them has chunks.
template <size_t N>
void advance(std::span<Lane* const> lanes) {
    std::array<Words<N>, 4> state;
    std::array<const std::byte*, N> next;
    size_t chunks = lanes[0]->chunks;
    for (size_t n = 0; n < N; ++n) {
        for (size_t word = 0; word < state.size(); ++word) state[word][n] = lanes[n]->state[word];
        next[n] = lanes[n]->next;
        chunks = std::min(chunks, lanes[n]->chunks);
    }
    for (size_t done = 0; done < chunks; ++done) {
        auto [a, b, c, d] = state;
        all_steps<N>(a, b, c, d, next, std::make_integer_sequence<int, 16>());
        for (size_t n = 0; n < N; ++n) {
            state[0][n] += a[n];
            state[1][n] += b[n];
            state[2][n] += c[n];
            state[3][n] += d[n];
            next[n] += kChunk;
        }
    }
    for (size_t n = 0; n < N; ++n) {
        for (size_t word = 0; word < state.size(); ++word) lanes[n]->state[word] = state[word][n];
        lanes[n]->next = next[n];
        lanes[n]->chunks -= chunks;
    }
}

Md5 digest_of(const Lane& lane) {
    Md5 digest;
    std::array<uint32_t, 4> words = {};
    std::ranges::transform(lane.state, words.begin(), little_endian);
    std::memcpy(digest.bytes.data(), words.data(), sizeof(words));
    return digest;
}

}  // namespace

void md5_of_all(std::span<const std::span<const std::byte>> bodies, std::span<Md5> digests) {
    CHECK(bodies.size() <= kMd5Lanes && digests.size() >= bodies.size());
    std::array<Lane, kMd5Lanes> lanes;
    for (size_t n = 0; n < bodies.size(); ++n) lanes[n].begin(bodies[n]);
    for (;;) {
        std::array<Lane*, kMd5Lanes> busy = {};
        size_t count = 0;
        for (size_t n = 0; n < bodies.size(); ++n) {
            if (lanes[n].has_more()) busy[count++] = &lanes[n];
        }
        switch (count) {
            case 3: advance<3>(busy); break;
            case 2: advance<2>(busy); break;
            case 1: advance<1>(busy); break;
            default:
                for (size_t n = 0; n < bodies.size(); ++n) digests[n] = digest_of(lanes[n]);
                return;
        }
    }
}

}  // namespace s3b::codec
