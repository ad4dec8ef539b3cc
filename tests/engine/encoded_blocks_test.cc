// SPDX-License-Identifier: Apache-2.0
// A volume whose blocks are compressed or encrypted, and what it makes of objects that do not fit.
#include "tests/codec/codec_kit.h"
#include "tests/engine/volume_fixture.h"

namespace s3b {
namespace {

using codec::Algorithm;
using codec::text_block;

const codec::CodecChoice kEncrypting{Algorithm::Deflate, 1, "AES-128-CBC"};

class EncodedBlocksTest : public VolumeTest {
protected:
    void encrypt() { use(codec::make_codec(kBlock, kEncrypting)); }

    /// The object that another mount would make of `block`.
    void put_encoded(uint32_t n, const codec::CodecChoice& choice, uint32_t as = ~uint32_t{0}) {
        const auto codec = codec::make_codec(kBlock, choice);
        codec::Bytes scratch(codec->capacity());
        const codec::Bytes block = text_block(kBlock, n);
        const uint32_t number = as == ~uint32_t{0} ? n : as;
        const codec::Encoded encoded = codec->encode(BlockNumber(number), block, scratch);
        net::ObjectMeta meta;
        meta.content_encoding = encoded.encoding;
        meta.hmac = encoded.hmac;
        bucket().set(key(n), encoded.body, meta);
    }
    void expect_readable(uint32_t n) {
        SimRequest& request = world().read(n * kBlock, kBlock);
        ASSERT_TRUE(request.ok()) << describe(request.outcome.error());
        EXPECT_TRUE(request.bytes == text_block(kBlock, n));
    }
    void expect_unreadable(uint32_t n) {
        SimRequest& request = world().read(n * kBlock, kBlock);
        ASSERT_TRUE(request.failed());
        const Errc code = request.outcome.error().code;
        EXPECT_TRUE(code == Errc::BadReply || code == Errc::Unauthentic) << to_string(code);
    }
};

TEST_F(EncodedBlocksTest, WhatIsWrittenIsEncryptedAndCompressedInTheStore) {
    encrypt();
    const codec::Bytes text = text_block(kBlock, 3);
    world().write(3 * kBlock, text);
    world().flush();
    const net::FakeBucket::Object* const object = bucket().find(key(3));
    ASSERT_NE(object, nullptr);
    EXPECT_EQ(object->meta.content_encoding, "deflate, encrypt-AES-128-CBC");
    EXPECT_TRUE(object->meta.hmac.has_value());
    EXPECT_LT(object->body.size(), kBlock);
    EXPECT_EQ(std::ranges::search(object->body, std::span(text).first(16)).size(), 0U);
    world().remount();
    expect_readable(3);
}

TEST_F(EncodedBlocksTest, TheFirstBlockKeepsTheSizesOfTheVolume) {
    encrypt();
    world().write(0, text_block(kBlock, 1));
    world().flush();
    EXPECT_EQ(bucket().find(key(0))->meta.block_size, ByteCount(kBlock));
    EXPECT_EQ(bucket().find(key(0))->meta.file_size, ByteCount(64 * kBlock));
}

TEST_F(EncodedBlocksTest, APartOfAnEncryptedBlockIsWrittenOverTheRest) {
    encrypt();
    put_encoded(5, kEncrypting);
    world().write(5 * kBlock + 100, bytes(50, 7));
    world().flush();
    world().remount();
    codec::Bytes expected = text_block(kBlock, 5);
    std::ranges::fill(std::span(expected).subspan(100, 50), std::byte{7});
    EXPECT_TRUE(world().read(5 * kBlock, kBlock).bytes == expected);
}

TEST_F(EncodedBlocksTest, CompressedBlocksAreReadWhateverTheOptions) {
    put_encoded(1, {Algorithm::Deflate, 9, ""});
    put_encoded(2, {Algorithm::Zstd, 3, ""});
    put_encoded(3, {});
    for (const uint32_t n : {1U, 2U, 3U}) expect_readable(n);
}

TEST_F(EncodedBlocksTest, WhatDoesNotFitCannotBeReadAndHarmsNothingElse) {
    encrypt();
    put_encoded(1, {});                                            // not encrypted
    put_encoded(2, {Algorithm::Deflate, 1, ""});                   // compressed only
    put_encoded(3, {Algorithm::Deflate, 1, "AES-128-CBC", "no"});  // another password
    put_encoded(4, kEncrypting, 5);                                // of another place
    put_encoded(6, {Algorithm::Deflate, 1, "AES-256-CBC"});        // another cipher
    put_encoded(7, kEncrypting);
    for (const uint32_t n : {1U, 2U, 3U, 4U, 6U}) expect_unreadable(n);
    expect_readable(7);
}

TEST_F(EncodedBlocksTest, AnEncryptedBlockCannotBeReadWithoutKeys) {
    put_encoded(1, kEncrypting);
    expect_unreadable(1);
}

TEST_F(EncodedBlocksTest, AnHmacThatDoesNotFitIsCheckedOnceMoreBeforeTheReadFails) {
    encrypt();
    put_encoded(4, kEncrypting, 5);
    expect_unreadable(4);
    EXPECT_EQ(bucket().get_count(key(4)), 2);  // the second time with its checksum
}

TEST_F(EncodedBlocksTest, APartialWriteOverAnUnreadableBlockStaysUnstored) {
    encrypt();
    put_encoded(4, kEncrypting, 5);
    const auto before = *stored(4);
    world().write(4 * kBlock, bytes(100, 7));
    EXPECT_TRUE(world().flush().failed());
    EXPECT_EQ(*stored(4), before);
    put_encoded(4, kEncrypting);  // for the end of the test, which writes everything back
}

TEST_F(EncodedBlocksTest, WhatWasReadOrWrittenMustBeThereLater) {
    encrypt();
    cache().size = 1;
    put_encoded(1, kEncrypting);
    expect_readable(1);
    world().write(2 * kBlock, text_block(kBlock, 2));
    world().flush();
    world().read(9 * kBlock, kBlock);  // there is none: zeros
    put_encoded(8, kEncrypting);
    expect_readable(8);  // takes the only place
    bucket().erase(key(1));
    bucket().erase(key(2));
    expect_unreadable(1);
    expect_unreadable(2);
    EXPECT_EQ(world().read(9 * kBlock, kBlock).bytes, zeros(kBlock));
}

TEST_F(EncodedBlocksTest, WhatWasListedMustBeThere) {
    encrypt();
    put_encoded(1, kEncrypting);
    world().start_survey(1);
    world().loop.run_for(seconds(1));
    bucket().erase(key(1));
    expect_unreadable(1);
}

TEST_F(EncodedBlocksTest, WithoutEncryptionAMissingObjectIsZeros) {
    cache().size = 1;
    world().write(2 * kBlock, text_block(kBlock, 2));
    world().flush();
    world().write(3 * kBlock, text_block(kBlock, 3));
    world().flush();
    bucket().erase(key(2));
    EXPECT_EQ(world().read(2 * kBlock, kBlock).bytes, zeros(kBlock));
}

TEST_F(EncodedBlocksTest, ZerosRemoveTheObjectAndMayBeReadThen) {
    encrypt();
    cache().size = 1;
    put_encoded(1, kEncrypting);
    expect_readable(1);
    world().write(1 * kBlock, zeros(kBlock));
    world().flush();
    EXPECT_EQ(stored(1), nullptr);
    put_encoded(8, kEncrypting);
    expect_readable(8);
    EXPECT_EQ(world().read(1 * kBlock, kBlock).bytes, zeros(kBlock));
}

TEST_F(EncodedBlocksTest, ABlockThatIsRewrittenWhileItIsSentIsSentAgain) {
    encrypt();
    bucket().hold(Verb::Put, key(1));
    world().write(1 * kBlock, text_block(kBlock, 7));
    SimRequest& flush = world().start_flush();
    idle();
    world().write(1 * kBlock, text_block(kBlock, 1));
    bucket().release(Verb::Put, key(1));
    world().finish(flush);
    world().flush();
    world().remount();
    expect_readable(1);
}

}  // namespace
}  // namespace s3b
