// SPDX-License-Identifier: Apache-2.0
// Keys in a process that has called protect_keys() before all else, as ours does.
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "codec/locked_memory.h"

namespace s3b::codec {

namespace {

Protection protection = Protection::Ordinary;

bool is_protected(const void* memory) { return CRYPTO_secure_allocated(memory) == 1; }
bool is_protected(const LockedBytes& bytes) { return is_protected(bytes.span().data()); }

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

/// The memory of this process that cannot be swapped out.
size_t locked_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        size_t kib = 0;
        if (word == "VmLck:" && status >> kib) return kib;
    }
    return 0;
}

/// Takes all that is left of the protected memory.
std::vector<LockedBytes> exhaust() {
    static constexpr size_t kBytes = 32;
    static constexpr size_t kMost = 1 << 20;  // more than there can be
    std::vector<LockedBytes> all;
    do all.emplace_back(kBytes);
    while (is_protected(all.back()) && all.size() < kMost);
    return all;
}

/// Encrypts one block of zeros with `context`; the first byte, or -1.
int encrypt(EVP_CIPHER_CTX* context) {
    std::array<unsigned char, 16> key{};
    std::array<unsigned char, 32> out{};
    int length = 0;
    const std::array<unsigned char, 16> in{};
    if (EVP_EncryptInit_ex2(context, EVP_aes_128_cbc(), key.data(), key.data(), nullptr) != 1 ||
        EVP_EncryptUpdate(context, out.data(), &length, in.data(), in.size()) != 1 ||
        length != static_cast<int>(in.size())) {
        return -1;
    }
    return out[0];
}
constexpr int kFirstByte = 0x66;  // AES-128 of zeros with a key of zeros

TEST(ProtectedMemoryTest, IsThere) {
    // Where there may be no locked memory at all, the rest still works.
    EXPECT_TRUE(protection == Protection::Locked || protection == Protection::DumpFree);
    EXPECT_EQ(locked_kib() > 0, protection == Protection::Locked);
}

TEST(ProtectedMemoryTest, CanBeSetUpOnceOnly) {
    EXPECT_EQ(protect_keys(), Protection::Ordinary);
    EXPECT_TRUE(is_protected(LockedBytes(1)));
}

TEST(ProtectedMemoryTest, HoldsLockedBytes) {
    EXPECT_TRUE(is_protected(LockedBytes(1)));
    EXPECT_TRUE(is_protected(LockedBytes(1023)));
    EXPECT_TRUE(is_protected(LockedBytes("secret")));
    EXPECT_TRUE(is_protected(LockedBytes("")));
}

TEST(ProtectedMemoryTest, IsOverwrittenWhenItIsGivenBack) {
    const std::byte* memory = nullptr;
    {
        // The neighbour keeps the two from being joined, which would write into them.
        const LockedBytes neighbour(std::string(64, 'n'));
        const LockedBytes bytes(std::string(64, 's'));
        memory = bytes.span().data();
        ASSERT_EQ(memory[32], std::byte{'s'});
    }
    // It is still mapped. The allocator keeps its links at the beginning.
    EXPECT_EQ(std::memchr(memory, 's', 64), nullptr);
}

TEST(ProtectedMemoryTest, IsOverwrittenWhenOthersMoveIn) {
    LockedBytes bytes(std::string(64, 's'));
    const std::byte* const memory = bytes.span().data();
    bytes = LockedBytes("new");
    EXPECT_EQ(std::memchr(memory, 's', 64), nullptr);
}

TEST(ProtectedMemoryTest, HoldsContextsOfAKeyScope) {
    Context inside;
    {
        const KeyScope scope;
        inside.reset(EVP_CIPHER_CTX_new());
    }
    const Context outside(EVP_CIPHER_CTX_new());
    EXPECT_TRUE(is_protected(inside.get()));
    EXPECT_FALSE(is_protected(outside.get()));
}

TEST(ProtectedMemoryTest, HoldsTheKeyThatAContextMakesInAKeyScope) {
    const size_t before = CRYPTO_secure_used();
    const Context context(EVP_CIPHER_CTX_new());
    {
        const KeyScope scope;
        EXPECT_EQ(encrypt(context.get()), kFirstByte);
    }
    // The expanded key of AES-128 is 176 bytes.
    EXPECT_GE(CRYPTO_secure_used(), before + 176);
}

TEST(ProtectedMemoryTest, IsForTheScopesOwnThreadAndNestsWell) {
    const KeyScope outer;
    {
        const KeyScope inner;
    }
    EXPECT_TRUE(is_protected(Context(EVP_CIPHER_CTX_new()).get()));
    bool other = true;
    std::thread([&other] { other = is_protected(Context(EVP_CIPHER_CTX_new()).get()); }).join();
    EXPECT_FALSE(other);
}

TEST(ProtectedMemoryTest, IsGivenBackWhole) {
    const size_t before = CRYPTO_secure_used();
    {
        const KeyScope scope;
        const Context context(EVP_CIPHER_CTX_new());
        EXPECT_EQ(encrypt(context.get()), kFirstByte);
        EXPECT_GT(CRYPTO_secure_used(), before);
    }
    EXPECT_EQ(CRYPTO_secure_used(), before);
}

TEST(ProtectedMemoryTest, GrowsAndShrinksLikeAnyOther) {
    const KeyScope scope;
    auto* memory = static_cast<char*>(OPENSSL_malloc(40));
    ASSERT_TRUE(is_protected(memory));
    std::memset(memory, 'k', 40);
    memory = static_cast<char*>(OPENSSL_realloc(memory, 4000));
    ASSERT_TRUE(is_protected(memory));
    EXPECT_EQ(std::string_view(memory, 40), std::string(40, 'k'));
    memory = static_cast<char*>(OPENSSL_realloc(memory, 10));
    ASSERT_TRUE(is_protected(memory));
    EXPECT_EQ(std::string_view(memory, 10), std::string(10, 'k'));
    const size_t used = CRYPTO_secure_used();
    EXPECT_EQ(OPENSSL_realloc(memory, 0), nullptr);
    EXPECT_LT(CRYPTO_secure_used(), used);
}

TEST(ProtectedMemoryTest, FallsBackToOrdinaryMemoryWhenItIsUsedUp) {
    {
        std::vector<LockedBytes> all = exhaust();
        ASSERT_FALSE(is_protected(all.back()));
        EXPECT_EQ(LockedBytes("secret").text(), "secret");
        EXPECT_EQ(LockedBytes(1000000).size(), 1000000U);
        const KeyScope scope;
        const Context context(EVP_CIPHER_CTX_new());
        EXPECT_FALSE(is_protected(context.get()));
        EXPECT_EQ(encrypt(context.get()), kFirstByte);
        LockedBytes moved = std::move(all.back());
        moved = LockedBytes("in ordinary memory");
        EXPECT_EQ(moved.text(), "in ordinary memory");
    }
    EXPECT_TRUE(is_protected(LockedBytes("secret")));
}

TEST(ProtectedMemoryTest, StaysLockedInAChild) {
    if (protection != Protection::Locked) GTEST_SKIP() << "the memory could not be locked";
    const LockedBytes secret("secret");
    const size_t locked = locked_kib();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(locked_kib() == locked && secret.text() == "secret" ? 0 : 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace s3b::codec

int main(int argc, char** argv) {
    s3b::codec::protection = s3b::codec::protect_keys();
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
