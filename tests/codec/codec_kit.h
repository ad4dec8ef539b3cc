// SPDX-License-Identifier: Apache-2.0
// What tests of the codec share: blocks of several kinds, and codecs for them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "codec/block_codec.h"
#include "codec/deflate.h"
#include "codec/hash.h"

namespace s3b::codec {

using Bytes = std::vector<std::byte>;

inline constexpr size_t kGoldenBlock = 4096;

/// The block P(n) of wire-format.md 13: its number in text, again and again.
inline Bytes numbered_block(uint32_t number, size_t size = kGoldenBlock) {
    char line[32];
    const int length = std::snprintf(line, sizeof line, "block %08x\n", number);
    Bytes block(size);
    for (size_t i = 0; i < size; ++i) {
        block[i] = static_cast<std::byte>(line[i % static_cast<size_t>(length)]);
    }
    return block;
}

inline Bytes random_block(size_t size, uint32_t seed) {
    std::mt19937 random(seed);
    Bytes block(size);
    std::ranges::generate(block, [&] { return static_cast<std::byte>(random()); });
    return block;
}

/// Words of a small vocabulary: what compresses to a third or so.
inline Bytes text_block(size_t size, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<std::string> vocabulary(500);
    for (std::string& word : vocabulary) {
        word.resize(2 + random() % 8);
        for (char& letter : word) letter = static_cast<char>('a' + random() % 26);
        word += ' ';
    }
    Bytes block;
    block.reserve(size + 16);
    while (block.size() < size) {
        const std::string& word = vocabulary[random() % vocabulary.size()];
        for (const char letter : word) block.push_back(static_cast<std::byte>(letter));
    }
    block.resize(size);
    return block;
}

struct CodecChoice {
    Algorithm algorithm = Algorithm::None;
    int level = 0;
    std::string cipher;  // empty: none
    std::string password = "test";
    bool always_name_encoding = false;
};

inline std::unique_ptr<BlockCodec> make_codec(size_t block_size, const CodecChoice& choice) {
    BlockCodec::Settings settings;
    settings.block_size = ByteCount(block_size);
    settings.compression.algorithm = choice.algorithm;
    settings.compression.level = choice.level;
    settings.always_name_encoding = choice.always_name_encoding;
    if (choice.cipher.empty()) return std::make_unique<BlockCodec>(settings);
    settings.cipher = *find_cipher(choice.cipher);
    BlockKeys keys = derive_keys(choice.password, "mybucket", "p/", settings.cipher->key_bytes);
    return BlockCodec::create(settings, std::move(keys)).value();
}

/// An object: what was sent, kept.
struct Object {
    Bytes body;
    std::string encoding;
    std::optional<Sha1> hmac;
};

inline Object store(BlockCodec& codec, BlockNumber number, const Bytes& block) {
    Bytes scratch(codec.capacity());
    const Encoded encoded = codec.encode(number, block, scratch);
    EXPECT_TRUE(encoded.md5 == md5(encoded.body) && encoded.sha256 == sha256(encoded.body));
    EXPECT_LE(encoded.body.size(), deflate_bound(block.size()) + 16);
    return {Bytes(encoded.body.begin(), encoded.body.end()), std::string(encoded.encoding),
            encoded.hmac};
}

inline Result<void> load(BlockCodec& codec, BlockNumber number, Object object, Bytes& block) {
    return codec.decode(number, Received{object.body, object.encoding, object.hmac}, block);
}

inline void expect_round_trip(BlockCodec& codec, const Bytes& block) {
    const BlockNumber number(0xde);
    const Object object = store(codec, number, block);
    Bytes back(block.size());
    const Result<void> loaded = load(codec, number, object, back);
    ASSERT_TRUE(loaded.has_value()) << describe(loaded.error());
    EXPECT_TRUE(back == block);
}

}  // namespace s3b::codec
