// SPDX-License-Identifier: Apache-2.0
#include "net/secret.h"

#include <openssl/crypto.h>

namespace s3b::net {

SecretBuffer::~SecretBuffer() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

}  // namespace s3b::net
