// SPDX-License-Identifier: Apache-2.0
// Digests against published vectors: RFC 1321, FIPS 180-4, RFC 4231.
#include "codec/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "codec/text.h"

namespace s3b::codec {
namespace {

TEST(Hash, Md5OfKnownTexts) {
    EXPECT_EQ(to_hex(md5({}).bytes), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(to_hex(md5(bytes_of("message digest")).bytes), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Hash, Sha256OfKnownTexts) {
    EXPECT_EQ(to_hex(sha256({}).bytes),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256(bytes_of("abc")).bytes),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, HmacOfKnownTexts) {
    EXPECT_EQ(to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?")).bytes),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hash, HmacHashesKeysLongerThanABlock) {
    const std::string key(131, '\xaa');
    const std::string_view text = "Test Using Larger Than Block-Size Key - Hash Key First";
    EXPECT_EQ(to_hex(hmac_sha256(bytes_of(key), bytes_of(text)).bytes),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hash, OneHmacServesManyThreads) {
    const HmacSha256 hmac(bytes_of("key"));
    const Sha256 expected = hmac(bytes_of("text"));
    std::vector<std::thread> threads;
    std::vector<int> wrong(4, 0);
    for (size_t i = 0; i < wrong.size(); ++i) {
        threads.emplace_back([&hmac, &expected, &count = wrong[i]] {
            for (int round = 0; round < 1000; ++round) {
                if (hmac(bytes_of("text")) != expected) ++count;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace s3b::codec
