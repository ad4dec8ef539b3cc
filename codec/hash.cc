// SPDX-License-Identifier: Apache-2.0
#include "codec/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "engine/base/check.h"

namespace s3b::codec {

namespace {

constexpr size_t kBlockOfSha256 = 64;

struct Algorithms {
    EVP_MD* md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
    EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);

    Algorithms() { CHECK(md5 != nullptr && sha256 != nullptr); }
    Algorithms(const Algorithms&) = delete;
    Algorithms& operator=(const Algorithms&) = delete;
    ~Algorithms() {
        EVP_MD_free(md5);
        EVP_MD_free(sha256);
    }
};

const Algorithms& algorithms() {
    static const Algorithms fetched;
    return fetched;
}

struct FreeScratch {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// A context of the calling thread, used within one call only.
EVP_MD_CTX* scratch() {
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeScratch> context(EVP_MD_CTX_new());
    CHECK(context != nullptr);
    return context.get();
}

template <class Digest>
Digest finish(EVP_MD_CTX* context) {
    Digest digest;
    unsigned length = 0;
    CHECK(EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.bytes.data()),
                             &length) == 1);
    CHECK(length == digest.bytes.size());
    return digest;
}

template <class Digest>
Digest digest_of(const EVP_MD* algorithm, std::span<const std::byte> data) {
    EVP_MD_CTX* context = scratch();
    CHECK(EVP_DigestInit_ex2(context, algorithm, nullptr) == 1);
    CHECK(EVP_DigestUpdate(context, data.data(), data.size()) == 1);
    return finish<Digest>(context);
}

}  // namespace

Md5 md5(std::span<const std::byte> data) { return digest_of<Md5>(algorithms().md5, data); }

Sha256 sha256(std::span<const std::byte> data) {
    return digest_of<Sha256>(algorithms().sha256, data);
}

void HmacSha256::FreeContext::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

HmacSha256::HmacSha256(std::span<const std::byte> key)
    : inner_(EVP_MD_CTX_new()), outer_(EVP_MD_CTX_new()) {
    CHECK(inner_ != nullptr && outer_ != nullptr);
    std::array<std::byte, kBlockOfSha256> padded{};
    if (key.size() > padded.size()) {
        std::ranges::copy(sha256(key).bytes, padded.begin());
    } else {
        std::ranges::copy(key, padded.begin());
    }
    for (std::byte& b : padded) b ^= std::byte{0x36};
    CHECK(EVP_DigestInit_ex2(inner_.get(), algorithms().sha256, nullptr) == 1);
    CHECK(EVP_DigestUpdate(inner_.get(), padded.data(), padded.size()) == 1);
    for (std::byte& b : padded) b ^= std::byte{0x36 ^ 0x5c};
    CHECK(EVP_DigestInit_ex2(outer_.get(), algorithms().sha256, nullptr) == 1);
    CHECK(EVP_DigestUpdate(outer_.get(), padded.data(), padded.size()) == 1);
}

Sha256 HmacSha256::operator()(std::span<const std::byte> data) const {
    EVP_MD_CTX* context = scratch();
    CHECK(EVP_MD_CTX_copy_ex(context, inner_.get()) == 1);
    CHECK(EVP_DigestUpdate(context, data.data(), data.size()) == 1);
    const auto inner = finish<Sha256>(context);
    CHECK(EVP_MD_CTX_copy_ex(context, outer_.get()) == 1);
    CHECK(EVP_DigestUpdate(context, inner.bytes.data(), inner.bytes.size()) == 1);
    return finish<Sha256>(context);
}

Sha256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> data) {
    return HmacSha256(key)(data);
}

}  // namespace s3b::codec
