// SPDX-License-Identifier: Apache-2.0
// Overwrites secrets before their memory is given back.
#pragma once

#include <openssl/crypto.h>

#include <string>

namespace s3b::codec {

/// Overwrites all that `secret` has room for and leaves it empty.
inline void wipe(std::string& secret) {
    secret.resize(secret.capacity());
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

}  // namespace s3b::codec
