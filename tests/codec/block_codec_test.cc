// SPDX-License-Identifier: Apache-2.0
// Whole blocks there and back, and objects that a hostile store might give us.
#include "codec/block_codec.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <thread>

#include "codec/deflate.h"
#include "codec/hash.h"
#include "tests/codec/codec_kit.h"

namespace s3b::codec {
namespace {

constexpr size_t kBlock = 64 * 1024;

/// The error with which `object` is refused; Cancelled if it is not.
Errc refusal(BlockCodec& codec, const Object& object, size_t block_size = kBlock) {
    Bytes block(block_size);
    const Result<void> loaded = load(codec, BlockNumber(0xde), object, block);
    return loaded.has_value() ? Errc::Cancelled : loaded.error().code;
}

TEST(BlockCodec, ZlibReadsWhatWeCompressAndWeReadWhatZlibDoes) {
    for (int level = 0; level <= 9; ++level) {
        SCOPED_TRACE(level);
        const auto codec = make_codec(kBlock, {Algorithm::Deflate, level, ""});
        const Bytes block = text_block(kBlock, 3);
        const Object ours = store(*codec, BlockNumber(0xde), block);
        EXPECT_EQ(ours.encoding, "deflate");
        Bytes back(kBlock);
        uLongf length = back.size();
        ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(back.data()), &length,
                             reinterpret_cast<const Bytef*>(ours.body.data()), ours.body.size()),
                  Z_OK);
        EXPECT_TRUE(length == kBlock && back == block);
        Object theirs{Bytes(compressBound(kBlock)), "deflate", {}};
        length = theirs.body.size();
        ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(theirs.body.data()), &length,
                            reinterpret_cast<const Bytef*>(block.data()), kBlock, level),
                  Z_OK);
        theirs.body.resize(length);
        Bytes loaded(kBlock);
        EXPECT_TRUE(load(*codec, BlockNumber(0xde), theirs, loaded).has_value());
        EXPECT_TRUE(loaded == block);
    }
}

TEST(BlockCodec, WhatDoesNotCompressIsSentAsItIs) {
    const Bytes noise = random_block(kBlock, 5);
    for (const Algorithm algorithm : {Algorithm::Deflate, Algorithm::Zstd}) {
        const auto codec = make_codec(kBlock, {algorithm, 6, ""});
        Bytes scratch(codec->capacity());
        const Encoded encoded = codec->encode(BlockNumber(0xde), noise, scratch);
        EXPECT_EQ(encoded.encoding, "");
        EXPECT_EQ(encoded.body.data(), noise.data());  // not even copied
    }
}

TEST(BlockCodec, WhatDoesNotCompressIsStoredWhereItMustNameItsEncoding) {
    const Bytes noise = random_block(kBlock, 5);
    const auto encrypting = make_codec(kBlock, {Algorithm::Zstd, 3, "AES-128-CBC"});
    EXPECT_EQ(store(*encrypting, BlockNumber(0xde), noise).encoding,
              "deflate, encrypt-AES-128-CBC");
    const auto naming = make_codec(kBlock, {Algorithm::None, 0, "", "", true});
    const Object object = store(*naming, BlockNumber(0xde), noise);
    EXPECT_EQ(object.encoding, "deflate");
    EXPECT_EQ(object.body.size(), kBlock + 2 + 4 + 2 * 5);  // header, sum, two stored pieces
}

TEST(BlockCodec, EncodingsAreWrittenAsS3backerDoes) {
    const Bytes block = text_block(kBlock, 1);
    const auto encoding = [&](const CodecChoice& choice) {
        return store(*make_codec(kBlock, choice), BlockNumber(0xde), block).encoding;
    };
    EXPECT_EQ(encoding({}), "");
    EXPECT_EQ(encoding({Algorithm::Deflate, 6, ""}), "deflate");
    EXPECT_EQ(encoding({Algorithm::Zstd, 3, ""}), "zstd");
    EXPECT_EQ(encoding({Algorithm::Deflate, 6, "aes256"}), "deflate, encrypt-AES-256-CBC");
    EXPECT_EQ(encoding({Algorithm::Zstd, 3, "AES-128-CBC"}), "zstd, encrypt-AES-128-CBC");
}

TEST(BlockCodec, ReadsAnyMixtureWithWhicheverOptions) {
    const Bytes block = text_block(kBlock, 1);
    const auto reader = make_codec(kBlock, {});
    for (const Algorithm algorithm : {Algorithm::None, Algorithm::Deflate, Algorithm::Zstd}) {
        const auto writer = make_codec(kBlock, {algorithm, 3, ""});
        Bytes back(kBlock);
        const Object object = store(*writer, BlockNumber(0xde), block);
        ASSERT_TRUE(load(*reader, BlockNumber(0xde), object, back).has_value());
        EXPECT_TRUE(back == block);
    }
}

TEST(BlockCodec, TheCiphersNameMayBeWrittenOtherwise) {
    const auto codec = make_codec(kBlock, {Algorithm::Deflate, 6, "AES-256-CBC"});
    Object object = store(*codec, BlockNumber(0xde), text_block(kBlock, 1));
    for (const char* written : {"DEFLATE,encrypt-aes-256-cbc", "deflate ,\tENCRYPT-AES256"}) {
        object.encoding = written;
        EXPECT_EQ(refusal(*codec, object), Errc::Cancelled) << written;
    }
    object.encoding = "deflate, encrypt-AES-128-CBC";
    EXPECT_EQ(refusal(*codec, object), Errc::Unsupported);
    object.encoding = "deflate, encrypt-nonsense";
    EXPECT_EQ(refusal(*codec, object), Errc::Unsupported);
}

TEST(BlockCodec, AnEncryptedBlockNeedNotBeCompressed) {
    const auto codec = make_codec(kBlock, {Algorithm::Deflate, 6, "AES-128-CBC"});
    const auto cipher =
        BlockCipher::create(*find_cipher("AES-128-CBC"), derive_keys("test", "mybucket", "p/", 16))
            .value();
    const Bytes block = text_block(kBlock, 1);
    Object object{block, "encrypt-AES-128-CBC", {}};
    object.body.resize(kBlock + 16);
    object.body.resize(cipher->encrypt(BlockNumber(0xde), object.body, kBlock));
    object.hmac = cipher->hmac_of(BlockNumber(0xde), object.body);
    Bytes back(kBlock);
    ASSERT_TRUE(load(*codec, BlockNumber(0xde), object, back).has_value());
    EXPECT_TRUE(back == block);
}

TEST(BlockCodec, RefusesADowngradeAndWhatItHasNoKeysFor) {
    const auto encrypting = make_codec(kBlock, {Algorithm::Deflate, 6, "AES-128-CBC"});
    const auto plain = make_codec(kBlock, {Algorithm::Deflate, 6, ""});
    const Bytes block = text_block(kBlock, 1);
    EXPECT_EQ(refusal(*encrypting, store(*plain, BlockNumber(0xde), block)), Errc::Unsupported);
    EXPECT_EQ(refusal(*encrypting, Object{block, "", {}}), Errc::Unsupported);
    EXPECT_EQ(refusal(*plain, store(*encrypting, BlockNumber(0xde), block)), Errc::Unsupported);
}

TEST(BlockCodec, RefusesAnotherPasswordAnotherPlaceAndNoHmac) {
    const auto codec = make_codec(kBlock, {Algorithm::Deflate, 6, "AES-128-CBC"});
    const auto other = make_codec(kBlock, {Algorithm::Deflate, 6, "AES-128-CBC", "Test"});
    const Bytes block = text_block(kBlock, 1);
    EXPECT_EQ(refusal(*other, store(*codec, BlockNumber(0xde), block)), Errc::Unauthentic);
    EXPECT_EQ(refusal(*codec, store(*codec, BlockNumber(0xdf), block)), Errc::Unauthentic);
    Object bare = store(*codec, BlockNumber(0xde), block);
    bare.hmac.reset();
    EXPECT_EQ(refusal(*codec, bare), Errc::Unauthentic);
}

TEST(BlockCodec, NeverFillsMoreThanABlock) {
    // Zeros: a body of a few hundred bytes that stands for much more.
    const Bytes bomb(16 * kBlock);
    for (const Algorithm algorithm : {Algorithm::Deflate, Algorithm::Zstd}) {
        const auto large = make_codec(bomb.size(), {algorithm, 6, ""});
        const Object object = store(*large, BlockNumber(0xde), bomb);
        ASSERT_LT(object.body.size(), kBlock);
        const auto codec = make_codec(kBlock, {});
        EXPECT_EQ(refusal(*codec, object), Errc::BadReply);
    }
}

TEST(BlockCodec, RefusesABlockThatIsTooShort) {
    const auto codec = make_codec(kBlock, {});
    for (const Algorithm algorithm : {Algorithm::None, Algorithm::Deflate, Algorithm::Zstd}) {
        const auto small = make_codec(kBlock / 2, {algorithm, 6, ""});
        const Object object = store(*small, BlockNumber(0xde), text_block(kBlock / 2, 1));
        EXPECT_EQ(refusal(*codec, object), Errc::BadReply);
    }
    EXPECT_EQ(refusal(*codec, Object{}), Errc::BadReply);
    EXPECT_EQ(refusal(*codec, Object{{}, "deflate", {}}), Errc::BadReply);
    EXPECT_EQ(refusal(*codec, Object{{}, "zstd", {}}), Errc::BadReply);
}

TEST(BlockCodec, RefusesDamagedStreams) {
    const Bytes block = text_block(kBlock, 1);
    const auto codec = make_codec(kBlock, {Algorithm::Deflate, 6, ""});
    Object object = store(*codec, BlockNumber(0xde), block);
    Object cut = object;
    cut.body.resize(cut.body.size() / 2);
    EXPECT_EQ(refusal(*codec, cut), Errc::BadReply);
    Object wrong_sum = object;
    wrong_sum.body.back() ^= std::byte{1};
    EXPECT_EQ(refusal(*codec, wrong_sum), Errc::BadReply);
    object.body.push_back(std::byte{'x'});  // as s3backer, which takes no notice of it
    EXPECT_EQ(refusal(*codec, object), Errc::Cancelled);
    const auto zstd = make_codec(kBlock, {Algorithm::Zstd, 3, ""});
    Object frame = store(*zstd, BlockNumber(0xde), block);
    frame.body.push_back(std::byte{'x'});
    EXPECT_EQ(refusal(*codec, frame), Errc::BadReply);
}

TEST(BlockCodec, SeveralFramesOfZstdAreOneBlock) {
    const Bytes block = text_block(kBlock, 1);
    const auto half = make_codec(kBlock / 2, {Algorithm::Zstd, 3, ""});
    const auto codec = make_codec(kBlock, {});
    Object first = store(*half, BlockNumber(0), Bytes(block.begin(), block.begin() + kBlock / 2));
    const Object second =
        store(*half, BlockNumber(0), Bytes(block.begin() + kBlock / 2, block.end()));
    first.body.insert(first.body.end(), second.body.begin(), second.body.end());
    Bytes back(kBlock);
    ASSERT_TRUE(load(*codec, BlockNumber(0), first, back).has_value());
    EXPECT_TRUE(back == block);
    first.body.insert(first.body.end(), second.body.begin(), second.body.end());
    EXPECT_EQ(refusal(*codec, first), Errc::BadReply);
}

TEST(BlockCodec, ManyThreadsUseOne) {
    const auto codec = make_codec(4096, {Algorithm::Deflate, 6, "AES-128-CBC"});
    std::vector<std::jthread> threads;
    for (uint32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (uint32_t i = 0; i < 50; ++i) expect_round_trip(*codec, text_block(4096, t + i));
        });
    }
}

TEST(BlockCodec, EstimatesGrowWithTheWork) {
    const auto plain = make_codec(kBlock, {});
    const auto quick = make_codec(kBlock, {Algorithm::Deflate, 1, ""});
    const auto thorough = make_codec(kBlock, {Algorithm::Deflate, 9, "AES-128-CBC"});
    EXPECT_LT(plain->encoding_time(), quick->encoding_time());
    EXPECT_LT(quick->encoding_time(), thorough->encoding_time());
    EXPECT_LT(quick->decoding_time(ByteCount(kBlock), false),
              quick->decoding_time(ByteCount(kBlock), true));
}

}  // namespace
}  // namespace s3b::codec
