// SPDX-License-Identifier: Apache-2.0
#include "engine/name_order.h"

#include <gtest/gtest.h>

#include <random>

namespace s3b {
namespace {

NameOrder order_of(uint64_t blocks, const std::string& prefix = "p/") {
    return NameOrder(codec::ObjectNames(prefix), BlockCount(blocks));
}

TEST(NameOrder, KnowsTheBlocksOfTheVolumeOnly) {
    const NameOrder order = order_of(0x20);
    EXPECT_EQ(order.block_of("p/0000001f"), BlockNumber(0x1f));
    for (const char* key : {"p/00000020", "p/0000001F", "p/0000001", "p/0000001f0", "0000001f"}) {
        EXPECT_EQ(order.block_of(key), std::nullopt) << key;
    }
    EXPECT_EQ(order.end(), 0x20U);
    EXPECT_EQ(order.ordinal_of("p/0000001f"), 0x1fU);
}

TEST(NameOrder, BeforeLiesBetweenTheNames) {
    for (const std::string prefix : {"", "p/"}) {
        const NameOrder order = order_of(uint64_t{1} << 32, prefix);
        const codec::ObjectNames names(prefix);
        EXPECT_LT(order.before(0), names.of(BlockNumber(0)));
        for (const uint32_t block : {1U, 0xaU, 0x10U, 0xa0U, 0xfffU, 0x1000U, 0xffffffffU}) {
            EXPECT_LT(order.before(block), names.of(BlockNumber(block)));
            EXPECT_GT(order.before(block), names.of(BlockNumber(block - 1)));
        }
    }
}

TEST(NameOrder, NextIsTheLeastNameThatMayFollow) {
    const NameOrder order = order_of(uint64_t{1} << 32);
    EXPECT_EQ(order.next("a"), 0U);
    EXPECT_EQ(order.next("p"), 0U);
    EXPECT_EQ(order.next("p/"), 0U);
    EXPECT_EQ(order.next("p/!"), 0U);
    EXPECT_EQ(order.next("p/0"), 0U);
    EXPECT_EQ(order.next("p/00000000"), 1U);
    EXPECT_EQ(order.next("p/00000000x"), 1U);
    EXPECT_EQ(order.next("p/0000000A"), 0xaU);
    EXPECT_EQ(order.next("p/0000001/"), 0x10U);
    EXPECT_EQ(order.next("p/00000~"), 0x1000U);
    EXPECT_EQ(order.next("p/00000f\xff"), 0x1000U);
    EXPECT_EQ(order.next("p/ffffffff"), uint64_t{1} << 32);
    EXPECT_EQ(order.next("p/g"), uint64_t{1} << 32);
    EXPECT_EQ(order.next("q"), uint64_t{1} << 32);
}

TEST(NameOrder, NextAgreesWithTheOrderOfStrings) {
    const NameOrder order = order_of(uint64_t{1} << 32, "");
    const codec::ObjectNames names("");
    std::mt19937 random(1);
    const std::string letters = "/09:A`afgz~\xc3";
    for (int round = 0; round < 20'000; ++round) {
        std::string key(random() % 10, ' ');
        for (char& c : key) c = letters[random() % letters.size()];
        const uint64_t next = order.next(key);
        if (next < order.end()) {
            EXPECT_GT(names.of(BlockNumber(static_cast<uint32_t>(next))), key);
        }
        if (next > 0) {
            EXPECT_LE(names.of(BlockNumber(static_cast<uint32_t>(next - 1))), key);
        }
    }
}

}  // namespace
}  // namespace s3b
