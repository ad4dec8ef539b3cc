// SPDX-License-Identifier: Apache-2.0
// Block numbers as keys: the table of wire-format.md 13.1.
#include "codec/object_name.h"

#include <gtest/gtest.h>

namespace s3b::codec {
namespace {

TEST(ObjectNames, KnownNames) {
    const ObjectNames names("p/");
    EXPECT_EQ(names.of(BlockNumber(0)), "p/00000000");
    EXPECT_EQ(names.of(BlockNumber(0xde)), "p/000000de");
    EXPECT_EQ(names.of(BlockNumber(0xdeadbeef)), "p/deadbeef");
    EXPECT_EQ(names.of(BlockNumber(0xffffffff)), "p/ffffffff");
    EXPECT_EQ(names.mount_flag(), "p/s3backer-mounted");
}

TEST(ObjectNames, ParseIsTheInverse) {
    for (const char* prefix : {"", "p/", "00000000"}) {
        const ObjectNames names{prefix};
        for (const uint32_t block : {0U, 1U, 0xabcdefU, 0xffffffffU}) {
            EXPECT_EQ(names.parse(names.of(BlockNumber(block))), BlockNumber(block));
        }
    }
}

TEST(ObjectNames, OtherKeysAreNoBlocks) {
    const ObjectNames names("p/");
    for (const char* key : {"", "p/", "p/0000000", "p/000000001", "p/0000000A", "p/0000000g",
                            "q/00000000", "00000000", "p/00000000/", "p/s3backer-mounted"}) {
        EXPECT_EQ(names.parse(key), std::nullopt) << key;
    }
}

TEST(ObjectNames, KnownNamesWithAHash) {
    const struct {
        uint32_t block;
        const char* name;
    } kCases[] = {{0, "c448b72c-00000000"},          {1, "d211cad9-00000001"},
                  {5, "6a03ab82-00000005"},          {10, "a3f1cc0e-0000000a"},
                  {0xde, "75933724-000000de"},       {0x100, "e34e7a2c-00000100"},
                  {0x10000, "b1b53b7c-00010000"},    {0x80000000, "d2255ed2-80000000"},
                  {0xdeadbeef, "1784775f-deadbeef"}, {0xffffffff, "0f447858-ffffffff"}};
    const ObjectNames names("p/", true);
    for (const auto& one : kCases) {
        EXPECT_EQ(names.of(BlockNumber(one.block)), std::string("p/") + one.name);
        EXPECT_EQ(names.parse(std::string("p/") + one.name), BlockNumber(one.block));
    }
    EXPECT_EQ(names.mount_flag(), "p/s3backer-mounted");
}

TEST(ObjectNames, OtherKeysWithAHashAreNoBlocks) {
    const ObjectNames names("p/", true);
    for (const char* key :
         {"p/00000000", "p/c448b72c-00000001", "p/c448b72d-00000000", "p/C448b72c-00000000",
          "p/c448b72c_00000000", "p/c448b72c-0000000", "p/c448b72c-000000000", "c448b72c-00000000",
          "p/c448b72c00000000", "p/s3backer-mounted"}) {
        EXPECT_EQ(names.parse(key), std::nullopt) << key;
    }
    EXPECT_EQ(ObjectNames("p/").parse("p/c448b72c-00000000"), std::nullopt);
}

TEST(BlockHash, IsUndone) {
    uint32_t block = 1;
    for (int i = 0; i < 100'000; ++i) {
        block = block * 1664525 + 1013904223;
        ASSERT_EQ(block_with_hash(hash_of_block(BlockNumber(block))), BlockNumber(block)) << block;
    }
}

}  // namespace
}  // namespace s3b::codec
