// SPDX-License-Identifier: Apache-2.0
#include "codec/block_cipher.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>

#include "codec/text.h"
#include "engine/base/check.h"

namespace s3b::codec {

namespace {

constexpr int kRounds = 5000;
constexpr size_t kNumberDigits = 8;

unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

LockedBytes stretch(std::string_view secret, std::string_view salt, size_t bytes) {
    LockedBytes key(bytes);
    const auto* const salt_bytes = reinterpret_cast<const unsigned char*>(salt.data());
    CHECK(PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()), salt_bytes,
                            static_cast<int>(salt.size()), kRounds, EVP_sha1(),
                            static_cast<int>(bytes), raw(key.span().data())) == 1);
    return key;
}

}  // namespace

BlockKeys derive_keys(std::string_view password, std::string_view bucket, std::string_view prefix,
                      size_t key_bytes) {
    CHECK(key_bytes > 0 && key_bytes <= kMaxKeyBytes);
    const KeyScope keys_are_made;
    const std::string salt = std::string(bucket) + '/' + std::string(prefix);
    BlockKeys keys;
    keys.key = stretch(password, salt, key_bytes);
    keys.iv_key = stretch(keys.key.text(), keys.key.text(), key_bytes);
    return keys;
}

void BlockCipher::Free::operator()(evp_cipher_ctx_st* context) const {
    EVP_CIPHER_CTX_free(context);
}
void BlockCipher::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

BlockCipher::Context BlockCipher::make_context(const std::string& name,
                                               std::span<const std::byte> key, Direction direction,
                                               bool padded) {
    EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr);
    Context context(EVP_CIPHER_CTX_new());
    const bool made = algorithm != nullptr && context != nullptr &&
                      EVP_CipherInit_ex2(context.get(), algorithm, raw(key.data()), nullptr,
                                         static_cast<int>(direction), nullptr) == 1 &&
                      EVP_CIPHER_CTX_set_padding(context.get(), padded ? 1 : 0) == 1;
    EVP_CIPHER_free(algorithm);  // the context keeps it
    if (!made) context.reset();
    return context;
}

BlockCipher::MacContext BlockCipher::make_mac(std::span<const std::byte> key) {
    EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    MacContext context(EVP_MAC_CTX_new(algorithm));
    EVP_MAC_free(algorithm);
    char digest[] = "SHA1";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const bool made = context != nullptr &&
                      EVP_MAC_init(context.get(), raw(key.data()), key.size(), parameters) == 1;
    if (!made) context.reset();
    return context;
}

Result<std::unique_ptr<BlockCipher>> BlockCipher::create(const Cipher& cipher,
                                                         const BlockKeys& keys) {
    CHECK(keys.key.size() >= cipher.key_bytes && keys.iv_key.size() >= cipher.key_bytes);
    CHECK(cipher.block_bytes <= kMaxBlockBytes && cipher.block_bytes <= keys.iv_key.size());
    const KeyScope contexts_have_keys;
    std::unique_ptr<BlockCipher> result(new BlockCipher());
    result->cipher_ = cipher;
    result->first_vector_ = LockedBytes(keys.iv_key.text().substr(0, cipher.block_bytes));
    result->encrypt_ = make_context(cipher.name, keys.key.span(), Direction::Encrypt, true);
    result->decrypt_ = make_context(cipher.name, keys.key.span(), Direction::Decrypt, true);
    result->vector_ = make_context(cipher.name, keys.iv_key.span(), Direction::Encrypt, false);
    result->mac_ = make_mac(keys.key.span());
    ERR_clear_error();
    if (result->encrypt_ && result->decrypt_ && result->vector_ && result->mac_) return result;
    return Error(Errc::Unsupported, "OpenSSL does not let this cipher be used");
}

BlockCipher::Vector BlockCipher::vector_of(BlockNumber block) {
    Vector number{};
    const std::string digits = to_hex8(block.value);
    std::ranges::copy(std::as_bytes(std::span(digits)), number.begin());
    Vector vector{};
    int length = 0;
    CHECK(EVP_CipherInit_ex2(vector_.get(), nullptr, nullptr, raw(first_vector_.span().data()), 1,
                             nullptr) == 1);
    CHECK(EVP_CipherUpdate(vector_.get(), raw(vector.data()), &length, raw(number.data()),
                           static_cast<int>(cipher_.block_bytes)) == 1);
    CHECK(static_cast<size_t>(length) == cipher_.block_bytes);
    return vector;
}

size_t BlockCipher::encrypt(BlockNumber block, std::span<std::byte> buffer, size_t length) {
    CHECK(length + cipher_.block_bytes <= buffer.size());
    const Vector vector = vector_of(block);
    unsigned char* const bytes = raw(buffer.data());
    int whole = 0;
    int last = 0;
    CHECK(EVP_CipherInit_ex2(encrypt_.get(), nullptr, nullptr, raw(vector.data()), 1, nullptr) ==
          1);
    CHECK(EVP_CipherUpdate(encrypt_.get(), bytes, &whole, bytes, static_cast<int>(length)) == 1);
    CHECK(EVP_CipherFinal_ex(encrypt_.get(), bytes + whole, &last) == 1);
    return static_cast<size_t>(whole) + static_cast<size_t>(last);
}

Sha1 BlockCipher::hmac_of(BlockNumber block, std::span<const std::byte> encrypted) {
    const std::string number = to_hex8(block.value);
    CHECK(EVP_MAC_init(mac_.get(), nullptr, 0, nullptr) == 1);
    const auto add = [this](const void* bytes, size_t size) {
        CHECK(EVP_MAC_update(mac_.get(), static_cast<const unsigned char*>(bytes), size) == 1);
    };
    add(number.data(), kNumberDigits);
    add(cipher_.name.data(), cipher_.name.size());
    add(encrypted.data(), encrypted.size());
    Sha1 hmac;
    size_t length = 0;
    CHECK(EVP_MAC_final(mac_.get(), raw(hmac.bytes.data()), &length, hmac.bytes.size()) == 1);
    CHECK(length == hmac.bytes.size());
    return hmac;
}

Result<size_t> BlockCipher::decrypt(BlockNumber block, std::span<std::byte> buffer) {
    const Vector vector = vector_of(block);
    unsigned char* const bytes = raw(buffer.data());
    int whole = 0;
    int last = 0;
    CHECK(EVP_CipherInit_ex2(decrypt_.get(), nullptr, nullptr, raw(vector.data()), 0, nullptr) ==
          1);
    CHECK(EVP_CipherUpdate(decrypt_.get(), bytes, &whole, bytes, static_cast<int>(buffer.size())) ==
          1);
    if (EVP_CipherFinal_ex(decrypt_.get(), bytes + whole, &last) != 1) {
        ERR_clear_error();
        return Error(Errc::BadReply, "an encrypted block without its padding");
    }
    return static_cast<size_t>(whole) + static_cast<size_t>(last);
}

}  // namespace s3b::codec
