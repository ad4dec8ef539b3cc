// SPDX-License-Identifier: Apache-2.0
// The hash functions of the S3 protocol, from OpenSSL. Contexts are kept per thread, as fetching an
// algorithm costs more than hashing a small request.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace s3b::test {

using Md5Digest = std::array<unsigned char, 16>;
using Sha1Digest = std::array<unsigned char, 20>;
using Sha256Digest = std::array<unsigned char, 32>;

Md5Digest md5(std::string_view data);
Sha256Digest sha256(std::string_view data);
Sha1Digest hmac_sha1(std::string_view key, std::string_view data);
Sha256Digest hmac_sha256(std::span<const unsigned char> key, std::string_view data);

}  // namespace s3b::test
