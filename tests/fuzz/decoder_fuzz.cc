// SPDX-License-Identifier: Apache-2.0
// Objects that a hostile store may give us for blocks. Input: five digits (see Case), a line with
// the Content-Encoding, with Hmac::Given 20 bytes, then the body.
#include "codec/block_codec.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <string>
#include <vector>

#include "codec/deflate.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/guarded_bytes.h"

namespace s3b::codec {
namespace {

using Bytes = std::vector<std::byte>;

constexpr size_t kMostBody = 1 << 20;
constexpr size_t kSmallestBlock = 512;
constexpr size_t kBlockSizes = 8;  // to 64 KiB
constexpr std::array<const char*, 4> kCiphers = {"", "AES-128-CBC", "AES-256-CBC", "DES-EDE3-CBC"};
constexpr std::array<uint32_t, 4> kNumbers = {0, 1, 0xde, 0xdeadbeef};
constexpr std::array<Compression, 4> kCompressions = {
    Compression{Algorithm::None, 0}, Compression{Algorithm::Deflate, 0},
    Compression{Algorithm::Deflate, 6}, Compression{Algorithm::Zstd, 3}};

/// Where the HMAC comes from. Encrypted: the target encrypts the body first, so that what lies
/// behind the decryption is reached.
enum class Hmac { None, Given, Right, Encrypted };

struct Case {
    size_t block_size;
    size_t cipher;
    BlockNumber number;
    Hmac hmac_source;
    Compression again;  // with which a block that was read is written
    std::string encoding;
    std::optional<Sha1> hmac;
    Bytes body;
};

/// Keys take milliseconds to make. Those of the golden objects.
BlockKeys keys_of(size_t cipher) {
    static const auto kKeys = [] {
        std::array<BlockKeys, kCiphers.size()> keys;
        for (size_t i = 1; i < keys.size(); ++i) {
            keys[i] = derive_keys("test", "mybucket", "p/", find_cipher(kCiphers[i])->key_bytes);
        }
        return keys;
    }();
    BlockKeys copy;
    copy.key = LockedBytes(kKeys[cipher].key.text());
    copy.iv_key = LockedBytes(kKeys[cipher].iv_key.text());
    return copy;
}

std::unique_ptr<BlockCodec> make_codec(size_t block_size, size_t cipher, Compression compression) {
    BlockCodec::Settings settings;
    settings.block_size = ByteCount(block_size);
    settings.compression = compression;
    if (cipher == 0) return std::make_unique<BlockCodec>(settings);
    settings.cipher = *find_cipher(kCiphers[cipher]);
    return BlockCodec::create(settings, keys_of(cipher)).value();
}

/// Kept, so that what one damaged object leaves behind meets the next.
BlockCodec& decoder_of(const Case& one) {
    static std::array<std::unique_ptr<BlockCodec>, kBlockSizes * kCiphers.size()> decoders;
    const size_t size = static_cast<size_t>(std::countr_zero(one.block_size / kSmallestBlock));
    std::unique_ptr<BlockCodec>& decoder = decoders[size * kCiphers.size() + one.cipher];
    if (!decoder) decoder = make_codec(one.block_size, one.cipher, Compression());
    return *decoder;
}

void encrypt_or_sign(Case& one) {
    if (one.cipher == 0 || one.hmac_source < Hmac::Right) return;
    const auto cipher =
        BlockCipher::create(*find_cipher(kCiphers[one.cipher]), keys_of(one.cipher)).value();
    if (one.hmac_source == Hmac::Encrypted) {
        const size_t length = one.body.size();
        one.body.resize(length + BlockCipher::kMaxBlockBytes);
        one.body.resize(cipher->encrypt(one.number, one.body, length));
    }
    one.hmac = cipher->hmac_of(one.number, one.body);
}

Case read_case(FuzzInput input) {
    Case one;
    one.block_size = kSmallestBlock << input.choice(kBlockSizes);
    one.cipher = input.choice(kCiphers.size());
    one.number = BlockNumber(kNumbers[input.choice(kNumbers.size())]);
    one.hmac_source = static_cast<Hmac>(input.choice(4));
    one.again = kCompressions[input.choice(kCompressions.size())];
    one.encoding = input.line();
    if (one.hmac_source == Hmac::Given) {
        const std::string_view given = input.take(sizeof(Sha1));
        one.hmac.emplace();
        std::ranges::copy(std::as_bytes(std::span(given)), one.hmac->bytes.begin());
    }
    const auto body = std::as_bytes(std::span(input.rest().substr(0, kMostBody)));
    one.body.assign(body.begin(), body.end());
    encrypt_or_sign(one);
    return one;
}

struct Outcome {
    std::optional<Errc> error;
    Bytes block;
};

/// Decodes into memory full of `fill`, between guards.
Outcome decode(const Case& one, std::byte fill) {
    static GuardedBytes body_memory(kMostBody + BlockCipher::kMaxBlockBytes);
    static GuardedBytes block_memory(kSmallestBlock << kBlockSizes);
    const std::span<std::byte> body = body_memory.make(one.body.size(), fill);
    std::ranges::copy(one.body, body.begin());
    const std::span<std::byte> block = block_memory.make(one.block_size, fill);
    const ExactCopy encoding(one.encoding);
    const Result<void> decoded =
        decoder_of(one).decode(one.number, Received{body, encoding.text(), one.hmac}, block);
    CHECK(body_memory.fence_stands() && block_memory.fence_stands());
    Outcome outcome;
    if (decoded.has_value()) {
        outcome.block.assign(block.begin(), block.end());
    } else {
        outcome.error = decoded.error().code;
    }
    return outcome;
}

/// What was read with its HMAC is not read without it, with another, or as another block.
void check_authenticity(const Case& one) {
    Case other = one;
    other.hmac.reset();
    CHECK(decode(other, std::byte{0}).error == Errc::Unauthentic);
    other.hmac = one.hmac;
    other.hmac->bytes.back() ^= std::byte{1};
    CHECK(decode(other, std::byte{0}).error == Errc::Unauthentic);
    other.hmac = one.hmac;
    other.number = BlockNumber(one.number.value ^ 1);
    CHECK(decode(other, std::byte{0}).error == Errc::Unauthentic);
}

/// A block that was read is the same after it was written again.
void check_round_trip(const Case& one, const Bytes& block) {
    const auto encoder = make_codec(one.block_size, one.cipher, one.again);
    Bytes scratch(encoder->capacity());
    const Encoded encoded = encoder->encode(one.number, block, scratch);
    CHECK(encoded.hmac.has_value() == (one.cipher != 0));
    CHECK(encoded.body.size() <= deflate_bound(one.block_size) + BlockCipher::kMaxBlockBytes);
    Case stored = one;
    stored.body.assign(encoded.body.begin(), encoded.body.end());
    stored.encoding = encoded.encoding;
    stored.hmac = encoded.hmac;
    const Outcome back = decode(stored, std::byte{0x3c});
    CHECK(!back.error && back.block == block);
}

/// Whatever zlib reads, and with it s3backer, we read as well, and as the same.
void check_against_zlib(const Case& one, const Outcome& outcome) {
    if (one.cipher != 0 || one.encoding != "deflate") return;
    Bytes block(one.block_size);
    uLongf length = block.size();
    const int result = uncompress(reinterpret_cast<Bytef*>(block.data()), &length,
                                  reinterpret_cast<const Bytef*>(one.body.data()), one.body.size());
    if (result != Z_OK || length != block.size()) return;
    CHECK(!outcome.error && outcome.block == block);
}

void run(const Case& one) {
    const Outcome outcome = decode(one, std::byte{0});
    const Outcome second = decode(one, std::byte{0xff});
    CHECK(outcome.error == second.error && outcome.block == second.block);
    check_against_zlib(one, outcome);
    if (outcome.error) return;
    if (one.cipher != 0) check_authenticity(one);
    check_round_trip(one, outcome.block);
}

}  // namespace
}  // namespace s3b::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    s3b::codec::run(s3b::codec::read_case(s3b::FuzzInput(data, size)));
    return 0;
}
