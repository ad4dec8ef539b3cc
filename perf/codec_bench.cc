// SPDX-License-Identifier: Apache-2.0
// How fast each step of the codec is, in bytes of the plain block a second, on one core. `left` is
// what remains of the block.
//   codec_bench [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS]
#include "codec/block_codec.h"

#include <benchmark/benchmark.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string>

#include "codec/deflate.h"
#include "codec/hash.h"
#include "codec/md5_lanes.h"
#include "codec/sampling.h"
#include "codec/zeros.h"
#include "codec/zstd.h"
#include "engine/base/check.h"
#include "perf/sample_blocks.h"

namespace s3b {
namespace {

using Bytes = std::vector<std::byte>;
using codec::Algorithm;

constexpr size_t kSizes[] = {4 << 10, 64 << 10, 1 << 20};
constexpr BlockNumber kNumber(0xde);

/// `make(size)` prepares a step for blocks of that size; the step yields what is left of them.
template <class Make>
void add(const std::string& name, const Make& make) {
    for (const size_t size : kSizes) {
        const auto run = [make, size](benchmark::State& state) {
            auto step = make(size);
            size_t left = 0;
            for (auto _ : state) benchmark::DoNotOptimize(left = step());
            state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(size));
            state.counters["left"] = static_cast<double>(left) / static_cast<double>(size);
        };
        const std::string full = name + '/' + std::to_string(size >> 10) + 'K';
        benchmark::RegisterBenchmark(full.c_str(), run);
    }
}

std::unique_ptr<codec::BlockCipher> make_cipher(const std::string& name) {
    const codec::Cipher cipher = codec::find_cipher(name).value();
    const codec::BlockKeys keys = codec::derive_keys("password", "bucket", "", cipher.key_bytes);
    return codec::BlockCipher::create(cipher, keys).value();
}

void add_digests() {
    add("all_zero", [](size_t size) {
        return [block = Bytes(size)] { return size_t{codec::all_zero(block)}; };
    });
    add("md5", [](size_t size) {
        return [block = mixed_block(size)] { return codec::md5(block).bytes.size(); };
    });
    add("md5 of three at once", [](size_t size) {
        return [block = mixed_block(size)] {
            const std::array<std::span<const std::byte>, 3> bodies = {block, block, block};
            std::array<Md5, 3> digests;
            codec::md5_of_all(bodies, digests);
            return digests[0].bytes.size();
        };
    });
    add("sha256", [](size_t size) {
        return [block = mixed_block(size)] { return codec::sha256(block).bytes.size(); };
    });
    add("hmac_sha1", [](size_t size) {
        return [block = mixed_block(size), cipher = make_cipher("AES-128-CBC")] {
            return cipher->hmac_of(kNumber, block).bytes.size();
        };
    });
}

void add_cipher(const std::string& name) {
    add(name + " encrypt", [name](size_t size) {
        Bytes buffer = mixed_block(size);
        buffer.resize(size + codec::BlockCipher::kMaxBlockBytes);
        return [size, buffer, cipher = make_cipher(name)]() mutable {
            return cipher->encrypt(kNumber, buffer, size);
        };
    });
    add(name + " decrypt, a copy", [name](size_t size) {
        auto cipher = make_cipher(name);
        Bytes encrypted = mixed_block(size);
        encrypted.resize(size + codec::BlockCipher::kMaxBlockBytes);
        encrypted.resize(cipher->encrypt(kNumber, encrypted, size));
        return [encrypted, buffer = encrypted, cipher = std::move(cipher)]() mutable {
            std::ranges::copy(encrypted, buffer.begin());
            return cipher->decrypt(kNumber, buffer).value();
        };
    });
}

Bytef* raw(Bytes& bytes) { return reinterpret_cast<Bytef*>(bytes.data()); }
const Bytef* raw(const Bytes& bytes) { return reinterpret_cast<const Bytef*>(bytes.data()); }

size_t zlib_compress(const Bytes& block, Bytes& into, int level) {
    uLongf length = into.size();
    CHECK(compress2(raw(into), &length, raw(block), block.size(), level) == Z_OK);
    return length;
}

void add_deflate(int level) {
    add("deflate " + std::to_string(level), [level](size_t size) {
        return [block = mixed_block(size), into = Bytes(codec::deflate_bound(size)),
                deflater = codec::Deflater(level)]() mutable {
            return deflater.compress(block, into).value();
        };
    });
    add("deflate " + std::to_string(level) + " of zlib", [level](size_t size) {
        return [block = mixed_block(size), into = Bytes(codec::deflate_bound(size)),
                level]() mutable { return zlib_compress(block, into, level); };
    });
}

void add_inflate() {
    const auto compressed = [](size_t size) {
        Bytes into(codec::deflate_bound(size));
        into.resize(zlib_compress(mixed_block(size), into, 6));
        return into;
    };
    add("inflate", [compressed](size_t size) {
        return
            [from = compressed(size), into = Bytes(size), inflater = codec::Inflater()]() mutable {
                return inflater.decompress(from, into).value();
            };
    });
    add("inflate of zlib", [compressed](size_t size) {
        return [from = compressed(size), into = Bytes(size)]() mutable {
            uLongf length = into.size();
            CHECK(uncompress(raw(into), &length, raw(from), from.size()) == Z_OK);
            return length;
        };
    });
}

void add_zstd() {
    add("zstd 3", [](size_t size) {
        return [block = mixed_block(size), into = Bytes(codec::deflate_bound(size)),
                compressor = codec::ZstdCompressor(3)]() mutable {
            return compressor.compress(block, into).value();
        };
    });
    add("unzstd", [](size_t size) {
        Bytes from(codec::deflate_bound(size));
        from.resize(codec::ZstdCompressor(3).compress(mixed_block(size), from).value());
        return [from, into = Bytes(size), decompressor = codec::ZstdDecompressor()]() mutable {
            return decompressor.decompress(from, into).value();
        };
    });
}

void add_probe() {
    for (const bool noise : {false, true}) {
        add(noise ? "probe noise" : "probe", [noise](size_t size) {
            return [block = noise ? noise_block(size) : mixed_block(size),
                    sampler = codec::Sampler()]() mutable {
                return sampler.looks_incompressible(block) ? block.size() : 0;
            };
        });
    }
}

/// What a volume does with its blocks.
struct Volume {
    const char* name;
    codec::Compression compression;
    const char* cipher;  // empty: none
    bool noise;          // blocks that cannot be compressed
};

std::unique_ptr<codec::BlockCodec> make_codec(const Volume& volume, size_t size) {
    codec::BlockCodec::Settings settings;
    settings.block_size = ByteCount(size);
    settings.compression = volume.compression;
    if (std::string_view(volume.cipher).empty()) {
        return std::make_unique<codec::BlockCodec>(settings);
    }
    settings.cipher = codec::find_cipher(volume.cipher).value();
    codec::BlockKeys keys =
        codec::derive_keys("password", "bucket", "", settings.cipher->key_bytes);
    return codec::BlockCodec::create(settings, std::move(keys)).value();
}

void add_volume(const Volume& volume) {
    const auto make_block = volume.noise ? noise_block : mixed_block;
    add(std::string("encode ") + volume.name, [volume, make_block](size_t size) {
        auto codec = make_codec(volume, size);
        Bytes scratch(codec->capacity());
        return [block = make_block(size), scratch = std::move(scratch),
                codec = std::move(codec)]() mutable {
            return codec->encode(kNumber, block, scratch).body.size();
        };
    });
    add(std::string("decode ") + volume.name + ", a copy", [volume, make_block](size_t size) {
        auto codec = make_codec(volume, size);
        Bytes scratch(codec->capacity());
        const Bytes block = make_block(size);
        const codec::Encoded encoded = codec->encode(kNumber, block, scratch);
        const Bytes body(encoded.body.begin(), encoded.body.end());
        return [body, buffer = body, encoding = encoded.encoding, hmac = encoded.hmac,
                into = Bytes(size), codec = std::move(codec)]() mutable {
            std::ranges::copy(body, buffer.begin());
            CHECK(codec->decode(kNumber, {buffer, encoding, hmac}, into).has_value());
            return into.size();
        };
    });
}

void add_all() {
    add_digests();
    for (const char* name : {"AES-128-CBC", "AES-256-CBC"}) add_cipher(name);
    for (const int level : {1, 6, 9}) add_deflate(level);
    add_inflate();
    add_zstd();
    add_probe();
    const codec::Compression deflate{Algorithm::Deflate, 6};
    add_volume({"plain", {Algorithm::None, 0}, "", false});
    add_volume({"deflate 6", deflate, "", false});
    add_volume({"zstd 3", {Algorithm::Zstd, 3}, "", false});
    add_volume({"deflate 6 AES-128", deflate, "AES-128-CBC", false});
    add_volume({"deflate 6 AES-128 of noise", deflate, "AES-128-CBC", true});
}

}  // namespace
}  // namespace s3b

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    s3b::add_all();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
