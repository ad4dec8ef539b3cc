// SPDX-License-Identifier: Apache-2.0
#include "codec/block_codec.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "codec/deflate.h"
#include "codec/hash.h"
#include "codec/sampling.h"
#include "codec/text.h"
#include "codec/zstd.h"
#include "engine/base/check.h"

namespace s3b::codec {

namespace {

// Nanoseconds a byte on one core of today; perf/codec_bench measures them.
constexpr double kDigests = 1.9;  // MD5 and SHA-256
constexpr double kEncrypt = 1.3;  // with the HMAC
constexpr double kDecrypt = 0.7;  // likewise
constexpr double kInflate = 1.4;
constexpr double kDeflate[] = {0.1, 7, 8, 9, 11, 13, 16, 25, 45, 75};
constexpr double kZstd = 6;
constexpr double kCopy = 0.05;

Duration time_for(double per_byte, uint64_t bytes) {
    return Duration(static_cast<int64_t>(per_byte * static_cast<double>(bytes)));
}

/// Makes a tool when it is first needed.
template <class Tool, class... Arguments>
Tool& ready(std::optional<Tool>& tool, Arguments... arguments) {
    if (!tool) tool.emplace(arguments...);
    return *tool;
}

}  // namespace

/// What one thread encodes and decodes with.
class BlockCodec::Workspace {
public:
    std::optional<Deflater> deflater;  // at the volume's level
    std::optional<Deflater> storer;    // at level 0
    std::optional<Inflater> inflater;
    std::optional<ZstdCompressor> zstd_compressor;
    std::optional<ZstdDecompressor> zstd_decompressor;
    std::optional<Sampler> sampler;
    std::unique_ptr<BlockCipher> cipher;
};

/// A workspace that nobody else has meanwhile.
class BlockCodec::Lease {
public:
    explicit Lease(BlockCodec& codec) : codec_(codec) {
        for (std::atomic<Workspace*>& kept : codec_.workspaces_) {
            // acquire: pairs with the release of whoever had it before
            workspace_.reset(kept.exchange(nullptr, std::memory_order_acquire));
            if (workspace_ != nullptr) return;
        }
        workspace_ = std::make_unique<Workspace>();
        if (!codec_.encrypts()) return;
        auto cipher = BlockCipher::create(*codec_.settings_.cipher, codec_.keys_);
        CHECK(cipher.has_value());  // as it was in BlockCodec::create()
        workspace_->cipher = std::move(*cipher);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        for (std::atomic<Workspace*>& kept : codec_.workspaces_) {
            Workspace* none = nullptr;
            // release: pairs with the acquire above
            if (kept.compare_exchange_strong(none, workspace_.get(), std::memory_order_release,
                                             std::memory_order_relaxed)) {
                std::ignore = workspace_.release();
                return;
            }
        }
    }

    Workspace& operator*() { return *workspace_; }

private:
    BlockCodec& codec_;
    std::unique_ptr<Workspace> workspace_;
};

Result<std::unique_ptr<BlockCodec>> BlockCodec::create(const Settings& settings, BlockKeys keys) {
    auto codec = std::make_unique<BlockCodec>(settings);
    if (!settings.cipher) return codec;
    TRY_VOID(BlockCipher::create(*settings.cipher, keys));
    codec->keys_ = std::move(keys);
    return codec;
}

BlockCodec::BlockCodec(const Settings& settings) : settings_(settings) {
    for (const Algorithm algorithm : {Algorithm::None, Algorithm::Deflate, Algorithm::Zstd}) {
        ContentEncoding encoding;
        encoding.compression = algorithm;
        if (encrypts()) encoding.cipher = settings_.cipher->name;
        encodings_[static_cast<size_t>(algorithm)] = write_content_encoding(encoding);
    }
}

BlockCodec::~BlockCodec() {
    for (const std::atomic<Workspace*>& kept : workspaces_) delete kept.load();
}

bool BlockCodec::sends_as_is() const {
    const bool compresses = settings_.compression.algorithm != Algorithm::None;
    return !compresses && !encrypts() && !settings_.always_name_encoding;
}

size_t BlockCodec::capacity() const {
    return deflate_bound(settings_.block_size.value) + BlockCipher::kMaxBlockBytes;
}

Algorithm BlockCodec::compress(Workspace& workspace, std::span<const std::byte> block,
                               std::span<std::byte> scratch, size_t& length) const {
    const auto [algorithm, level] = settings_.compression;
    const bool store = algorithm == Algorithm::Deflate && level == 0;
    const bool may_be_raw = !encrypts() && !settings_.always_name_encoding && !store;
    if (sends_as_is()) return Algorithm::None;
    const std::span<std::byte> room = scratch.first(deflate_bound(block.size()));
    const bool worth_it = algorithm != Algorithm::None && !store &&
                          !ready(workspace.sampler).looks_incompressible(block);
    if (worth_it) {
        const std::optional<size_t> compressed =
            algorithm == Algorithm::Deflate
                ? ready(workspace.deflater, level).compress(block, room)
                : ready(workspace.zstd_compressor, level).compress(block, room);
        length = compressed.value_or(0);
        if (compressed && (*compressed < block.size() || !may_be_raw)) return algorithm;
    }
    if (may_be_raw) return Algorithm::None;
    const std::optional<size_t> stored = ready(workspace.storer, 0).compress(block, room);
    CHECK(stored.has_value());
    length = *stored;
    return Algorithm::Deflate;
}

Encoded BlockCodec::encode(BlockNumber number, std::span<const std::byte> block,
                           std::span<std::byte> scratch) {
    CHECK(block.size() == settings_.block_size.value && scratch.size() >= capacity());
    Lease workspace(*this);
    size_t length = 0;
    const Algorithm compression = compress(*workspace, block, scratch, length);
    Encoded encoded;
    encoded.encoding = encodings_[static_cast<size_t>(compression)];
    if (encrypts()) {
        BlockCipher& cipher = *(*workspace).cipher;
        length = cipher.encrypt(number, scratch, length);
        encoded.body = scratch.first(length);
        encoded.hmac = cipher.hmac_of(number, encoded.body);
    } else {
        encoded.body = compression == Algorithm::None ? block : scratch.first(length);
    }
    encoded.md5 = md5(encoded.body);
    encoded.sha256 = sha256(encoded.body);
    return encoded;
}

/// Whether the object is encrypted as the volume is.
Result<void> BlockCodec::check_encryption(const ContentEncoding& encoding) const {
    if (!encrypts() && encoding.cipher.empty()) return ok();
    if (!encrypts()) return Error(Errc::Unsupported, "the block is encrypted, --encrypt is needed");
    if (encoding.cipher.empty()) {
        return Error(Errc::Unsupported, "the block is not encrypted, but --encrypt is given");
    }
    if (same_ignoring_case(encoding.cipher, settings_.cipher->name)) return ok();
    // An alias was written by s3backer, if it was configured.
    const Result<Cipher> cipher = find_cipher(encoding.cipher);
    if (cipher.has_value() && cipher->name == settings_.cipher->name) return ok();
    return Error(Errc::Unsupported, "the block is encrypted with another cipher than --encrypt's");
}

Result<std::span<std::byte>> BlockCodec::decipher(Workspace& workspace, BlockNumber number,
                                                  const Received& received) const {
    if (!received.hmac) return Error(Errc::Unauthentic, "an encrypted block without its HMAC");
    const Sha1 hmac = workspace.cipher->hmac_of(number, received.body);
    if (CRYPTO_memcmp(hmac.bytes.data(), received.hmac->bytes.data(), hmac.bytes.size()) != 0) {
        return Error(Errc::Unauthentic, "the HMAC is wrong: of another key or place, or damaged");
    }
    TRY(const size_t length, workspace.cipher->decrypt(number, received.body));
    return received.body.first(length);
}

Result<void> BlockCodec::decode(BlockNumber number, const Received& received,
                                std::span<std::byte> block) {
    CHECK(block.size() == settings_.block_size.value);
    TRY(const ContentEncoding encoding, parse_content_encoding(received.encoding));
    TRY_VOID(check_encryption(encoding));
    Lease workspace(*this);
    std::span<std::byte> body = received.body;
    if (encrypts()) {
        TRY(body, decipher(*workspace, number, received));
    }
    size_t length = body.size();
    if (encoding.compression == Algorithm::Deflate) {
        TRY(length, ready((*workspace).inflater).decompress(body, block));
    } else if (encoding.compression == Algorithm::Zstd) {
        TRY(length, ready((*workspace).zstd_decompressor).decompress(body, block));
    }
    if (length != block.size()) {
        return Error(Errc::BadReply, "a block of the wrong length, check --blockSize");
    }
    if (encoding.compression == Algorithm::None) std::ranges::copy(body, block.begin());
    return ok();
}

Duration BlockCodec::encoding_time() const {
    double per_byte = kDigests;
    const auto [algorithm, level] = settings_.compression;
    if (algorithm == Algorithm::Deflate) per_byte += kDeflate[static_cast<size_t>(level)];
    if (algorithm == Algorithm::Zstd) per_byte += kZstd;
    if (encrypts()) per_byte += kEncrypt;
    return time_for(per_byte, settings_.block_size.value);
}

Duration BlockCodec::decoding_time(ByteCount body, bool encoded) const {
    const Duration copying = time_for(kCopy, body.value);
    if (!encoded) return copying;
    return copying + time_for(encrypts() ? kDecrypt : 0, body.value) +
           time_for(kInflate, settings_.block_size.value);
}

}  // namespace s3b::codec
