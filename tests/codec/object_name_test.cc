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

}  // namespace
}  // namespace s3b::codec
