// SPDX-License-Identifier: Apache-2.0
// MD5 of several bodies at once against OpenSSL's of each.
#include "codec/md5_lanes.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "codec/hash.h"

namespace s3b::codec {
namespace {

using Bytes = std::vector<std::byte>;

Bytes random_bytes(std::mt19937& random, size_t size) {
    Bytes bytes(size);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random());
    return bytes;
}

void expect_same_as_one_by_one(const std::vector<Bytes>& bodies) {
    const std::vector<std::span<const std::byte>> views(bodies.begin(), bodies.end());
    std::array<Md5, kMd5Lanes> digests;
    md5_of_all(views, digests);
    for (size_t n = 0; n < bodies.size(); ++n) {
        EXPECT_EQ(digests[n], md5(bodies[n])) << "body " << n << " of " << bodies[n].size();
    }
}

TEST(Md5Lanes, EveryLengthAroundThePaddingIsThatOfOpenSsl) {
    std::mt19937 random(1);
    for (size_t size = 0; size <= 260; ++size) {
        expect_same_as_one_by_one({random_bytes(random, size)});
    }
}

TEST(Md5Lanes, BodiesOfDifferentLengthsDoNotDisturbEachOther) {
    std::mt19937 random(2);
    std::uniform_int_distribution<size_t> length(0, 1000);
    for (int round = 0; round < 1000; ++round) {
        std::vector<Bytes> bodies(1 + static_cast<size_t>(round) % kMd5Lanes);
        for (Bytes& body : bodies) body = random_bytes(random, length(random));
        expect_same_as_one_by_one(bodies);
    }
}

TEST(Md5Lanes, BlocksOfTheUsualSizes) {
    std::mt19937 random(3);
    for (const size_t size : {4096U, 65536U, 1U << 20}) {
        const Bytes one = random_bytes(random, size);
        const Bytes other = random_bytes(random, size);
        const Bytes third = random_bytes(random, size);
        expect_same_as_one_by_one({one, other, third});
        expect_same_as_one_by_one({one, other});
    }
}

TEST(Md5Lanes, NothingIsComputedOfNothing) {
    std::array<Md5, 1> digests{};
    const Md5 before = digests[0];
    md5_of_all({}, digests);
    EXPECT_EQ(digests[0], before);
}

}  // namespace
}  // namespace s3b::codec
