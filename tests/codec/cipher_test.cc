// SPDX-License-Identifier: Apache-2.0
// Source: wire-format.md 6.1, 6.2.
#include "codec/cipher.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace s3b::codec {

namespace {

Errc refusal(std::string_view name) {
    const Result<Cipher> found = find_cipher(name);
    EXPECT_FALSE(found.has_value()) << name;
    return found.has_value() ? Errc::Io : found.error().code;
}

struct Known {
    std::string name;
    size_t key_bytes;
    size_t block_bytes;
};
const Known kKnown[] = {{"AES-128-CBC", 16, 16},
                        {"AES-192-CBC", 24, 16},
                        {"AES-256-CBC", 32, 16},
                        {"DES-EDE3-CBC", 24, 8}};

void expect_cipher(std::string_view name, const Known& known) {
    const Result<Cipher> found = find_cipher(name);
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_EQ(found->name, known.name) << name;
    EXPECT_EQ(found->key_bytes, known.key_bytes) << name;
    EXPECT_EQ(found->block_bytes, known.block_bytes) << name;
}

TEST(CipherTest, OfS3backersUsersAreFoundWithTheirSizes) {
    for (const Known& known : kKnown) expect_cipher(known.name, known);
}

TEST(CipherTest, IsFoundInAnyCaseUnderItsOwnName) {
    for (const Known& known : kKnown) {
        std::string name = known.name;
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
        });
        expect_cipher(name, known);
        name.front() = known.name.front();
        expect_cipher(name, known);
    }
}

TEST(CipherTest, IsFoundByItsAliases) {
    for (const char* alias : {"aes128", "AES128", "2.16.840.1.101.3.4.1.2"}) {
        expect_cipher(alias, kKnown[0]);
    }
    expect_cipher("aes192", kKnown[1]);
    expect_cipher("AES256", kKnown[2]);
    for (const char* alias : {"des3", "DES3"}) expect_cipher(alias, kKnown[3]);
}

TEST(CipherTest, OfAnotherModeIsNotSupported) {
    for (const char* name :
         {"AES-128-GCM",     "id-aes128-GCM", "aes-256-gcm",       "AES-128-CCM", "AES-128-OCB",
          "AES-128-SIV",     "AES-128-WRAP",  "AES-128-CTR",       "AES-256-CTR", "AES-128-ECB",
          "AES-128-CFB",     "AES-128-CFB8",  "AES-128-OFB",       "AES-128-XTS", "AES-128-CBC-CTS",
          "AES-256-CBC-CTS", "ChaCha20",      "ChaCha20-Poly1305", "DES-EDE3",    "DES-EDE3-OFB"}) {
        EXPECT_EQ(refusal(name), Errc::Unsupported) << name;
    }
}

TEST(CipherTest, ThatAlsoAuthenticatesIsRefused) {
    // OpenSSL has these only on processors that make them worth while.
    for (const char* name : {"AES-128-CBC-HMAC-SHA1", "AES-256-CBC-HMAC-SHA256"}) {
        EXPECT_FALSE(find_cipher(name).has_value()) << name;
    }
}

TEST(CipherTest, ThatOpenSslLacksIsNotFound) {
    for (const char* name : {"", " ", "rot13", "AES", "AES-128", "AES-512-CBC", "AES-128-CBC ",
                             " AES-128-CBC", "AES-128-CBC:AES-256-CBC", "RC4", "NULL", "\xff",
                             "AES-128-CBC\n", "SHA1", "encrypt-AES-128-CBC"}) {
        EXPECT_FALSE(find_cipher(name).has_value()) << name;
    }
    EXPECT_EQ(refusal("rot13"), Errc::NotFound);
    EXPECT_EQ(refusal(""), Errc::NotFound);
    EXPECT_EQ(refusal("RC4"), Errc::NotFound);
    EXPECT_EQ(refusal(std::string_view("AES-128-CBC\0x", 13)), Errc::NotFound);
    EXPECT_EQ(refusal(std::string(100000, 'A')), Errc::NotFound);
}

TEST(CipherTest, ThatIsListedIsFoundUnderThatName) {
    const std::vector<std::string> names = usable_ciphers();
    for (const std::string& name : names) {
        const Result<Cipher> found = find_cipher(name);
        ASSERT_TRUE(found.has_value()) << name;
        EXPECT_EQ(found->name, name);
        EXPECT_GT(found->key_bytes, 0U) << name;
        EXPECT_LE(found->key_bytes, kMaxKeyBytes) << name;
        EXPECT_GT(found->block_bytes, 1U) << name;
    }
}

TEST(CipherTest, TheListIsSortedAndHasEachOnce) {
    const std::vector<std::string> names = usable_ciphers();
    EXPECT_TRUE(std::ranges::is_sorted(names));
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    for (const Known& known : kKnown) {
        EXPECT_TRUE(std::ranges::binary_search(names, known.name)) << known.name;
    }
}

}  // namespace
}  // namespace s3b::codec
