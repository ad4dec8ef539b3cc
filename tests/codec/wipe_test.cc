// SPDX-License-Identifier: Apache-2.0
#include "codec/wipe.h"

#include <gtest/gtest.h>

#include <cstring>

namespace s3b::codec {
namespace {

TEST(Wipe, LeavesNothingOfASecret) {
    for (const size_t length : {3U, 15U, 16U, 1000U}) {  // within the string and on the heap
        std::string secret(length, 's');
        const char* const memory = secret.data();
        wipe(secret);
        EXPECT_TRUE(secret.empty());
        ASSERT_EQ(secret.data(), memory);
        EXPECT_EQ(std::memchr(memory, 's', length), nullptr) << length;
    }
}

}  // namespace
}  // namespace s3b::codec
