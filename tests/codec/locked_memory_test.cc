// SPDX-License-Identifier: Apache-2.0
// LockedBytes in a process that has not called protect_keys(): like any memory, but overwritten.
#include "codec/locked_memory.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <type_traits>

namespace s3b::codec {

namespace {

static_assert(!std::is_copy_constructible_v<LockedBytes>);
static_assert(!std::is_copy_assignable_v<LockedBytes>);
static_assert(std::is_nothrow_move_constructible_v<LockedBytes>);

TEST(LockedBytesTest, AreZerosAtFirst) {
    const LockedBytes bytes(1000);
    EXPECT_EQ(bytes.size(), 1000U);
    EXPECT_EQ(bytes.span().size(), 1000U);
    EXPECT_TRUE(std::ranges::all_of(bytes.span(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(LockedBytesTest, HoldText) {
    const std::string_view text("pass\0word\xff", 10);
    EXPECT_EQ(LockedBytes(text).text(), text);
}

TEST(LockedBytesTest, MayBeNone) {
    EXPECT_EQ(LockedBytes().text(), "");
    EXPECT_EQ(LockedBytes(0).text(), "");
    EXPECT_EQ(LockedBytes(std::string_view()).text(), "");
    LockedBytes none;
    const LockedBytes moved = std::move(none);
    EXPECT_EQ(moved.size(), 0U);
}

TEST(LockedBytesTest, CanBeWritten) {
    LockedBytes bytes(3);
    std::ranges::copy(std::as_bytes(std::span("key", 3)), bytes.span().begin());
    EXPECT_EQ(bytes.text(), "key");
}

TEST(LockedBytesTest, MoveWithoutACopy) {
    LockedBytes first("secret");
    const std::byte* const memory = first.span().data();
    const LockedBytes second = std::move(first);
    EXPECT_EQ(second.span().data(), memory);
    EXPECT_EQ(second.text(), "secret");
    EXPECT_EQ(first.size(), 0U);  // NOLINT(bugprone-use-after-move): that is promised
    EXPECT_EQ(first.text(), "");
}

TEST(LockedBytesTest, MoveIntoOthersThatWereInUse) {
    LockedBytes target("old");
    target = LockedBytes("new and longer");
    EXPECT_EQ(target.text(), "new and longer");
    LockedBytes source("newest");
    target = std::move(source);
    EXPECT_EQ(target.text(), "newest");
    EXPECT_EQ(source.size(), 0U);  // NOLINT(bugprone-use-after-move): that is promised
}

TEST(KeyScopeTest, DoesNoHarmInAnUnprotectedProcess) {
    const KeyScope outer;
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    ASSERT_NE(context, nullptr);
    EXPECT_EQ(CRYPTO_secure_allocated(context), 0);
    EVP_CIPHER_CTX_free(context);
}

}  // namespace
}  // namespace s3b::codec
