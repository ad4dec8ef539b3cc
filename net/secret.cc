// SPDX-License-Identifier: Apache-2.0
#include "net/secret.h"

#include <openssl/crypto.h>

namespace s3b::net {

void wipe(std::string& text) {
    text.resize(text.capacity());  // what a longer text has left behind, too
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

SecretBuffer::~SecretBuffer() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

}  // namespace s3b::net
