// SPDX-License-Identifier: Apache-2.0
// Known answers: keys, vectors and bodies that real s3backer made.
// Source: wire-format.md 13.2, 13.3.
#include "codec/block_cipher.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "codec/hash.h"
#include "codec/text.h"
#include "tests/codec/codec_kit.h"

namespace s3b::codec {
namespace {

constexpr std::string_view kKey16 = "70d40dac113c3bec4d7efcd264780a6a";
constexpr std::string_view kKey48 =
    "70d40dac113c3bec4d7efcd264780a6a1d48f10452be556e1c4d718e87d805ce"
    "27d8ce172660d2b8be4caef6f2c3cf42";

std::string hex(const LockedBytes& bytes) { return to_hex(bytes.span()); }

TEST(DerivedKeys, AreThoseOfS3backer) {
    const BlockKeys short_keys = derive_keys("test", "mybucket", "p/", 16);
    EXPECT_EQ(hex(short_keys.key), kKey16);
    EXPECT_EQ(hex(short_keys.iv_key), "e6e7c02c3de85dba312b38764c49d451");
    const BlockKeys middle = derive_keys("test", "mybucket", "p/", 24);
    EXPECT_EQ(hex(middle.iv_key), "dfe82a50b703854f53646f64feb88a8191a9d9d5c4acbc4e");
    const BlockKeys long_keys = derive_keys("test", "mybucket", "p/", 48);
    EXPECT_EQ(hex(long_keys.key), kKey48);
    EXPECT_EQ(hex(long_keys.iv_key),
              "35f6ba00e186298f863a96cf5a1206a93d317c477d1c05d8a145166345f18995"
              "0d95db702eb2158d3ea3450d5f3d1f7d");
}

TEST(DerivedKeys, DependOnThePrefixAndHaveTheSlashWithoutOne) {
    const BlockKeys keys = derive_keys("test", "mybucket", "", 16);
    EXPECT_EQ(hex(keys.key), "12be54d095eeebc327dc94ef777d575e");
    EXPECT_EQ(hex(keys.iv_key), "f6ce0fb216e8758586bd1339e9442889");
}

TEST(DerivedKeys, AnEmptyPasswordIsAPassword) {
    EXPECT_EQ(derive_keys("", "mybucket", "p/", 16).key.size(), 16U);
    EXPECT_NE(hex(derive_keys("", "mybucket", "p/", 16).key), kKey16);
}

struct KnownVectors {
    const char* cipher;
    size_t key_bytes;
    const char* block_0;
    const char* block_1;
    const char* block_deadbeef;
};

class KnownVectorsTest : public testing::TestWithParam<KnownVectors> {};

TEST_P(KnownVectorsTest, BlocksHaveTheVectorsOfS3backer) {
    const Cipher cipher = *find_cipher(GetParam().cipher);
    const BlockKeys keys = derive_keys("test", "mybucket", "p/", GetParam().key_bytes);
    const auto block_cipher = BlockCipher::create(cipher, keys).value();
    const auto vector = [&](uint32_t number) {
        const BlockCipher::Vector whole = block_cipher->vector_of(BlockNumber(number));
        return to_hex(std::span(whole).first(cipher.block_bytes));
    };
    EXPECT_EQ(vector(0), GetParam().block_0);
    EXPECT_EQ(vector(1), GetParam().block_1);
    EXPECT_EQ(vector(0xdeadbeef), GetParam().block_deadbeef);
}

INSTANTIATE_TEST_SUITE_P(
    All, KnownVectorsTest,
    testing::Values(
        KnownVectors{"AES-128-CBC", 16, "c7d8b3d37b1a68e63ce84b2be0b7d835",
                     "e8a96338430940c16180aba1384f457d", "e2787f34538ccc4e3bd9b721ec915b08"},
        KnownVectors{"AES-192-CBC", 24, "c1a2243aa8753fb9672855facd44ec54",
                     "567a9e68adc1b1ae6266358559fb906f", "88d6ae3b1b6e5e6c41caa472dfbf00b8"},
        KnownVectors{"AES-256-CBC", 32, "c0deb30a4b421b9ef41eee678ce57d52",
                     "826cea68dd53ffda9b508d7dad5cff6f", "1ed1c27e75959b03fb2919018afd0614"},
        KnownVectors{"AES-128-CBC", 48, "67d6629ffbcba0f16e7bb24ed83995f9",
                     "0769767ace0d6d06d5d4bae2873477dd", "f372a609a79fb2a8f01b2a1416b16056"},
        KnownVectors{"DES-EDE3-CBC", 24, "f1353c0d459b660a", "4f8fa98553815fe8",
                     "c33de3942ee1bb18"}));

/// What `cipher` makes of the text "hello" as block 1: the body and the HMAC.
std::pair<std::string, std::string> encrypt_hello(const char* name) {
    const Cipher cipher = *find_cipher(name);
    const auto block_cipher =
        BlockCipher::create(cipher, derive_keys("test", "mybucket", "p/", cipher.key_bytes))
            .value();
    Bytes buffer(64);
    std::ranges::copy(bytes_of("hello"), buffer.begin());
    const size_t length = block_cipher->encrypt(BlockNumber(1), buffer, 5);
    const auto body = std::span(buffer).first(length);
    return {to_hex(body), to_hex(block_cipher->hmac_of(BlockNumber(1), body).bytes)};
}

TEST(BlockCipher, EncryptsAShortTextAsS3backerDoes) {
    EXPECT_EQ(encrypt_hello("AES-128-CBC"),
              std::pair(std::string("3fc8d5a4ab364b4c37febf20a88f77e1"),
                        std::string("c22adca928afbfba93e4b466be98f076a2afca6f")));
    EXPECT_EQ(encrypt_hello("AES-256-CBC"),
              std::pair(std::string("2d35406af9ea5e49096cf2d9366f74f2"),
                        std::string("683d47ac3cb0ff9015c120553a91ea694a9299d1")));
}

TEST(BlockCipher, EncryptsTheStreamOfZlibAsS3backerDoes) {
    const Bytes plain = numbered_block(1);
    Bytes buffer(4096);
    uLongf length = buffer.size();
    ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(buffer.data()), &length,
                        reinterpret_cast<const Bytef*>(plain.data()), plain.size(), -1),
              Z_OK);
    const Cipher cipher = *find_cipher("AES-128-CBC");
    const auto block_cipher =
        BlockCipher::create(cipher, derive_keys("test", "mybucket", "p/", 16)).value();
    const size_t encrypted = block_cipher->encrypt(BlockNumber(1), buffer, length);
    const auto body = std::span(buffer).first(encrypted);
    EXPECT_EQ(to_hex(body),
              "776703c8cb7c825695dcf7cb8920b45fc2f51e669b134ce3b00c41713bfbdbd909be24087716ae67dcda"
              "4aaba33b466b");
    EXPECT_EQ(to_hex(block_cipher->hmac_of(BlockNumber(1), body).bytes),
              "2224b1367cc97dc2b5de26487c0512e8830fdfc8");
    EXPECT_EQ(to_base64(md5(body).bytes), "7pte9GKfQTp0Kt8zh7qrRw==");
}

TEST(BlockCipher, TellsWhatIsNotPadded) {
    const Cipher cipher = *find_cipher("AES-128-CBC");
    const auto block_cipher =
        BlockCipher::create(cipher, derive_keys("test", "mybucket", "p/", 16)).value();
    for (const size_t size : {0U, 1U, 15U, 16U, 17U, 32U}) {
        Bytes noise = random_block(size, 7);
        const auto length = block_cipher->decrypt(BlockNumber(1), noise);
        EXPECT_FALSE(length.has_value()) << size;
    }
}

}  // namespace
}  // namespace s3b::codec
