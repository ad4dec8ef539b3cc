// SPDX-License-Identifier: Apache-2.0
// Bodies that real s3backer 1.5.0, 1.5.4 and 2.1.6 sent (tests/golden), through our codec.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "codec/block_codec.h"
#include "codec/hash.h"
#include "codec/text.h"
#include "tests/codec/codec_kit.h"

namespace s3b::codec {
namespace {

std::string read_file(const std::string& name) {
    std::ifstream file(std::string(S3B_GOLDEN) + '/' + name, std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A block as a release of s3backer put it.
struct Capture {
    std::string name;
    std::map<std::string, std::string> options;
    std::string encoding;
    std::optional<Sha1> hmac;
    Bytes body;
    std::string plain_md5;
    BlockNumber block{0};

    explicit Capture(const nlohmann::json& json) : name(json.at("name")) {
        for (const std::string option : json.at("options")) {
            const size_t equals = std::min(option.find('='), option.size());
            options[option.substr(0, equals)] =
                equals < option.size() ? option.substr(equals + 1) : "";
        }
        for (const auto& header : json.at("headers")) take_header(header.at(0), header.at(1));
        const std::string text = read_file(json.at("body_file"));
        const auto bytes = bytes_of(text);
        body.assign(bytes.begin(), bytes.end());
        plain_md5 = json.at("plaintext_md5");
        block = BlockNumber(
            static_cast<uint32_t>(std::stoul(name.substr(name.size() - 8), nullptr, 16)));
    }

    void take_header(const std::string& header, const std::string& value) {
        if (same_ignoring_case(header, "content-encoding")) encoding = value;
        if (!same_ignoring_case(header, "x-amz-meta-s3backer-hmac")) return;
        hmac.emplace();
        EXPECT_TRUE(from_hex(value.substr(1, value.size() - 2), hmac->bytes));
    }

    std::string option(const std::string& option_name, const std::string& otherwise) const {
        const auto found = options.find(option_name);
        return found == options.end() || found->second.empty() ? otherwise : found->second;
    }
    bool encrypted() const { return options.contains("--encrypt"); }

    std::unique_ptr<BlockCodec> codec() const {
        BlockCodec::Settings settings;
        settings.block_size = ByteCount(kGoldenBlock);
        settings.compression.algorithm = Algorithm::Deflate;
        settings.compression.level = 6;
        if (!encrypted()) return std::make_unique<BlockCodec>(settings);
        settings.cipher = *find_cipher(option("--encrypt", "AES-128-CBC"));
        const size_t key_bytes = std::stoul(option("--keyLength", "0"));
        BlockKeys keys = derive_keys("test", "mybucket", option("--prefix", ""),
                                     key_bytes == 0 ? settings.cipher->key_bytes : key_bytes);
        return BlockCodec::create(settings, std::move(keys)).value();
    }
};

std::vector<Capture> all_captures() {
    std::vector<Capture> captures;
    for (const auto& entry : std::filesystem::directory_iterator(S3B_GOLDEN)) {
        if (entry.path().extension() != ".json") continue;
        const auto json = nlohmann::json::parse(read_file(entry.path().filename()));
        if (json.contains("body_file") && json.contains("plaintext_md5")) {
            captures.emplace_back(json);
        }
    }
    return captures;
}

TEST(GoldenBlocks, DecodeToTheirPlaintexts) {
    size_t compressed = 0;
    size_t encrypted = 0;
    for (Capture& capture : all_captures()) {
        SCOPED_TRACE(capture.name);
        const auto codec = capture.codec();
        Bytes block(kGoldenBlock);
        const Received received{capture.body, capture.encoding, capture.hmac};
        const Result<void> decoded = codec->decode(capture.block, received, block);
        ASSERT_TRUE(decoded.has_value()) << describe(decoded.error());
        EXPECT_EQ(to_hex(md5(block).bytes), capture.plain_md5);
        compressed += capture.encoding.empty() ? 0 : 1;
        encrypted += capture.encrypted() ? 1 : 0;
    }
    EXPECT_GE(compressed, 40U);
    EXPECT_GE(encrypted, 30U);
}

TEST(GoldenBlocks, EncryptedOnesAreRefusedOnceAnyByteOrTheNumberDiffers) {
    for (const Capture& capture : all_captures()) {
        if (!capture.encrypted()) continue;
        SCOPED_TRACE(capture.name);
        const auto codec = capture.codec();
        const auto refused = [&](BlockNumber number, Bytes body) {
            Bytes block(kGoldenBlock);
            const Received received{body, capture.encoding, capture.hmac};
            const Result<void> decoded = codec->decode(number, received, block);
            return !decoded.has_value() && decoded.error().code == Errc::Unauthentic;
        };
        EXPECT_TRUE(refused(BlockNumber(capture.block.value ^ 1), capture.body));
        for (const size_t at : {size_t{0}, capture.body.size() / 2, capture.body.size() - 1}) {
            Bytes damaged = capture.body;
            damaged[at] ^= std::byte{1};
            EXPECT_TRUE(refused(capture.block, damaged));
        }
        Bytes shorter = capture.body;
        shorter.pop_back();
        EXPECT_TRUE(refused(capture.block, shorter));
    }
}

/// The zlib stream that s3backer sent inside is not the one that libdeflate makes; what it became
/// must be the same in all else.
TEST(GoldenBlocks, EncryptingTheSameStreamGivesTheSameBody) {
    size_t compared = 0;
    for (const Capture& capture : all_captures()) {
        if (!capture.encrypted()) continue;
        SCOPED_TRACE(capture.name);
        const Cipher cipher = *find_cipher(capture.option("--encrypt", "AES-128-CBC"));
        const size_t key_bytes = std::stoul(capture.option("--keyLength", "0"));
        const BlockKeys keys = derive_keys("test", "mybucket", capture.option("--prefix", ""),
                                           key_bytes == 0 ? cipher.key_bytes : key_bytes);
        const auto block_cipher = BlockCipher::create(cipher, keys).value();
        Bytes stream = capture.body;
        const auto length = block_cipher->decrypt(capture.block, stream);
        ASSERT_TRUE(length.has_value());
        stream.resize(stream.size() + cipher.block_bytes);
        stream.resize(block_cipher->encrypt(capture.block, stream, *length));
        EXPECT_EQ(stream, capture.body);
        EXPECT_EQ(block_cipher->hmac_of(capture.block, stream), capture.hmac);
        ++compared;
    }
    EXPECT_GE(compared, 30U);
}

}  // namespace
}  // namespace s3b::codec
