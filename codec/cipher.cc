// SPDX-License-Identifier: Apache-2.0
#include "codec/cipher.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include <algorithm>
#include <memory>

namespace s3b::codec {

namespace {

struct FreeCipher {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
using Fetched = std::unique_ptr<EVP_CIPHER, FreeCipher>;

Fetched fetch(const std::string& name) {
    Fetched cipher(EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr));
    ERR_clear_error();  // that there is none is our answer
    return cipher;
}

/// One block of plain text after the other, chained; not those that also authenticate.
bool is_usable(const EVP_CIPHER* cipher) {
    const auto block = static_cast<size_t>(EVP_CIPHER_get_block_size(cipher));
    return EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CBC_MODE && block > 1 &&
           static_cast<size_t>(EVP_CIPHER_get_iv_length(cipher)) == block &&
           static_cast<size_t>(EVP_CIPHER_get_key_length(cipher)) <= kMaxKeyBytes &&
           (EVP_CIPHER_get_flags(cipher) & (EVP_CIPH_FLAG_AEAD_CIPHER | EVP_CIPH_FLAG_CTS)) == 0;
}

/// What older interfaces of OpenSSL call it, as s3backer does; empty: they do not know it.
std::string short_name(const EVP_CIPHER* cipher) {
    const int nid = EVP_CIPHER_get_nid(cipher);
    const char* const name = nid == NID_undef ? nullptr : OBJ_nid2sn(nid);
    return name == nullptr ? "" : name;
}

Cipher describe(const EVP_CIPHER* cipher) {
    Cipher result;
    result.name = short_name(cipher);
    result.key_bytes = static_cast<size_t>(EVP_CIPHER_get_key_length(cipher));
    result.block_bytes = static_cast<size_t>(EVP_CIPHER_get_block_size(cipher));
    return result;
}

/// A cipher whose name leads back to it.
bool returns(const EVP_CIPHER* cipher) {
    const std::string name = short_name(cipher);
    if (name.empty()) return false;
    const Fetched again = fetch(name);
    return again != nullptr && is_usable(again.get()) && short_name(again.get()) == name;
}

}  // namespace

Result<Cipher> find_cipher(std::string_view name) {
    const bool whole = name.find('\0') == std::string_view::npos;  // OpenSSL would read a part
    const Fetched cipher = whole ? fetch(std::string(name)) : nullptr;
    if (cipher == nullptr) return Error(Errc::NotFound, "no such cipher");
    if (!is_usable(cipher.get()) || !returns(cipher.get())) {
        return Error(Errc::Unsupported, "not a block cipher in CBC mode");
    }
    return describe(cipher.get());
}

std::vector<std::string> usable_ciphers() {
    std::vector<std::string> names;
    const auto collect = [](EVP_CIPHER* cipher, void* into) {
        if (!is_usable(cipher) || !returns(cipher)) return;
        static_cast<std::vector<std::string>*>(into)->push_back(short_name(cipher));
    };
    EVP_CIPHER_do_all_provided(nullptr, collect, &names);
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    return names;
}

}  // namespace s3b::codec
