// SPDX-License-Identifier: Apache-2.0
// The hash functions of the S3 protocol. A failure of OpenSSL here means a broken installation and
// ends the program.
#include "tests/s3_server/digests.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace s3b::test {

namespace {

void require(bool good) {
    if (!good) {
        std::fputs("s3_test_server: OpenSSL does not offer a needed algorithm\n", stderr);
        std::abort();
    }
}

class Hash {
public:
    explicit Hash(const char* name)
        : algorithm_(EVP_MD_fetch(nullptr, name, nullptr)), context_(EVP_MD_CTX_new()) {
        require(algorithm_ && context_);
    }

    template <size_t kSize>
    std::array<unsigned char, kSize> operator()(std::string_view data) {
        std::array<unsigned char, kSize> out{};
        unsigned size = 0;
        require(EVP_DigestInit_ex(context_.get(), algorithm_.get(), nullptr) == 1 &&
                EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1 &&
                EVP_DigestFinal_ex(context_.get(), out.data(), &size) == 1 && size == kSize);
        return out;
    }

private:
    struct Free {
        void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD, Free> algorithm_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

class Mac {
public:
    explicit Mac(std::string hash) : algorithm_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)) {
        require(algorithm_ != nullptr);
        context_.reset(EVP_MAC_CTX_new(algorithm_.get()));
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash.data(), 0),
            OSSL_PARAM_construct_end()};
        require(context_ && EVP_MAC_CTX_set_params(context_.get(), parameters) == 1);
    }

    template <size_t kSize>
    std::array<unsigned char, kSize> operator()(std::span<const unsigned char> key,
                                                std::string_view data) {
        std::array<unsigned char, kSize> out{};
        size_t size = 0;
        const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
        require(EVP_MAC_init(context_.get(), key.data(), key.size(), nullptr) == 1 &&
                EVP_MAC_update(context_.get(), bytes, data.size()) == 1 &&
                EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1 && size == kSize);
        return out;
    }

private:
    struct Free {
        void operator()(EVP_MAC* algorithm) const { EVP_MAC_free(algorithm); }
        void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    };
    std::unique_ptr<EVP_MAC, Free> algorithm_;
    std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

}  // namespace

Md5Digest md5(std::string_view data) {
    thread_local Hash hash("MD5");
    return hash.operator()<16>(data);
}

Sha256Digest sha256(std::string_view data) {
    thread_local Hash hash("SHA256");
    return hash.operator()<32>(data);
}

Sha1Digest hmac_sha1(std::string_view key, std::string_view data) {
    thread_local Mac mac("SHA1");
    return mac.operator()<20>({reinterpret_cast<const unsigned char*>(key.data()), key.size()},
                              data);
}

Sha256Digest hmac_sha256(std::span<const unsigned char> key, std::string_view data) {
    thread_local Mac mac("SHA256");
    return mac.operator()<32>(key, data);
}

}  // namespace s3b::test
