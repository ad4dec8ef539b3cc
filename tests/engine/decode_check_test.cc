// SPDX-License-Identifier: Apache-2.0
#include "engine/decode_check.h"

#include <gtest/gtest.h>

#include "tests/codec/codec_kit.h"
#include "tests/fakes/fake_bucket.h"
#include "tests/sim/sim_world.h"

namespace s3b {
namespace {

using codec::Algorithm;
using codec::CodecChoice;
using Verb = net::FakeBucket::Verb;

constexpr size_t kBlock = 4096;
const CodecChoice kEncrypting{Algorithm::Deflate, 1, "AES-128-CBC"};

class DecodeCheckTest : public ::testing::Test {
protected:
    DecodeCheckTest() : facts_(geometry()) { config_.prefix = "p/"; }

    static Geometry geometry() { return sim_settings(kBlock, 64, 16).geometry; }
    void put(uint32_t n, const CodecChoice& choice) {
        const auto codec = codec::make_codec(kBlock, choice);
        codec::Bytes scratch(codec->capacity());
        const codec::Bytes block = codec::text_block(kBlock, n);
        const codec::Encoded encoded = codec->encode(BlockNumber(n), block, scratch);
        net::ObjectMeta meta;
        meta.content_encoding = encoded.encoding;
        meta.hmac = encoded.hmac;
        bucket_.set(codec::ObjectNames("p/").of(BlockNumber(n)), encoded.body, meta);
        if (n != 0) return;
        facts_.first_block = VolumeFacts::FirstBlock::Present;
        facts_.encoding = encoded.encoding;
    }
    /// Whether a mount with this encoding is allowed, and what was said.
    bool allowed(const CodecChoice& choice) {
        if (!choice.cipher.empty())
            config_.codec.cipher = codec::find_cipher(choice.cipher).value();
        const auto codec = codec::make_codec(kBlock, choice);
        DecodeCheck check(bucket_, *codec, facts_, config_);
        bool result = false;
        testing::internal::CaptureStderr();
        TaskGroup group;
        group.spawn(ask(check, result));
        CHECK(loop_.run_until([&] { return group.running() == 0; }));
        said_ = testing::internal::GetCapturedStderr();
        return result;
    }
    static Task<void> ask(DecodeCheck& check, bool& result) { result = co_await check.run(); }
    bool said(std::string_view text) const { return said_.find(text) != std::string::npos; }

    SimLoop loop_;
    net::FakeBucket bucket_;
    Config config_;
    VolumeFacts facts_;
    std::string said_;
};

TEST_F(DecodeCheckTest, AnEmptyBucketIsFineWithAnyOptions) {
    EXPECT_TRUE(allowed({}));
    EXPECT_TRUE(allowed(kEncrypting));
    EXPECT_EQ(said_, "");
}

TEST_F(DecodeCheckTest, TheRightPasswordIsFine) {
    put(0, kEncrypting);
    EXPECT_TRUE(allowed(kEncrypting));
    EXPECT_EQ(said_, "");
}

TEST_F(DecodeCheckTest, AnotherPasswordIsSaidToBeWrong) {
    put(0, {Algorithm::Deflate, 1, "AES-128-CBC", "other"});
    EXPECT_FALSE(allowed(kEncrypting));
    EXPECT_TRUE(said("block 0 cannot be decoded: the password is wrong"));
}

TEST_F(DecodeCheckTest, WithoutBlock0AnyOtherIsLookedAt) {
    bucket_.set("a", {});
    bucket_.set("p/0000000x", {});
    bucket_.set("p/00000041", {});  // beyond the volume
    bucket_.set_page_limit(1);
    put(7, {Algorithm::Deflate, 1, "AES-128-CBC", "other"});
    EXPECT_FALSE(allowed(kEncrypting));
    EXPECT_TRUE(said("block 7 cannot be decoded: the password is wrong"));
}

TEST_F(DecodeCheckTest, OtherObjectsThanBlocksDoNotMatter) {
    bucket_.set("p/s3backer-mounted", {});
    bucket_.set("p/00000041", {});
    EXPECT_TRUE(allowed(kEncrypting));
}

TEST_F(DecodeCheckTest, ABlockThatIsNotEncryptedIsRefused) {
    put(0, {Algorithm::Deflate, 1, ""});
    EXPECT_FALSE(allowed(kEncrypting));
    EXPECT_TRUE(said("not encrypted"));
}

TEST_F(DecodeCheckTest, AnEncryptedVolumeNeedsEncrypt) {
    put(0, kEncrypting);
    EXPECT_FALSE(allowed({}));
    EXPECT_TRUE(said("--encrypt is needed"));
    EXPECT_TRUE(said("encrypt-AES-128-CBC"));
    EXPECT_EQ(bucket_.total(Verb::Get) + bucket_.total(Verb::Head), 0);  // it was known already
}

TEST_F(DecodeCheckTest, AnEncryptedVolumeWithoutBlock0NeedsEncryptToo) {
    facts_.first_block = VolumeFacts::FirstBlock::Missing;
    put(7, kEncrypting);
    EXPECT_FALSE(allowed({Algorithm::Deflate, 1, ""}));
    EXPECT_TRUE(said("--encrypt is needed"));
    EXPECT_EQ(bucket_.total(Verb::Get), 0);
}

TEST_F(DecodeCheckTest, ForceGoesOnWithAWarning) {
    config_.force = true;
    put(0, {Algorithm::Deflate, 1, "AES-128-CBC", "other"});
    EXPECT_TRUE(allowed(kEncrypting));
    EXPECT_TRUE(said("warning: block 0 cannot be decoded"));
}

TEST_F(DecodeCheckTest, AStoreThatForbidsListsCanBeMounted) {
    bucket_.fail_next(Verb::List, "", Errc::Forbidden);
    EXPECT_TRUE(allowed(kEncrypting));
    EXPECT_TRUE(said("warning: cannot list"));
    bucket_.fail_next(Verb::List, "", Errc::Timeout);
    EXPECT_FALSE(allowed(kEncrypting));
}

TEST_F(DecodeCheckTest, AStoreThatCannotBeReadCannotBeMounted) {
    put(0, kEncrypting);
    bucket_.fail_next(Verb::Get, "", Errc::Timeout);
    EXPECT_FALSE(allowed(kEncrypting));
}

}  // namespace
}  // namespace s3b
