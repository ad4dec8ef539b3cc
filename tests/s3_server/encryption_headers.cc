// SPDX-License-Identifier: Apache-2.0
// Checks of server-side encryption; the codes of the errors are those of S3.
#include "tests/s3_server/encryption_headers.h"

#include <algorithm>
#include <array>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kEncryption = "x-amz-server-side-encryption";
constexpr std::string_view kKmsKeyId = "x-amz-server-side-encryption-aws-kms-key-id";
constexpr std::string_view kAlgorithm = "x-amz-server-side-encryption-customer-algorithm";
constexpr std::string_view kKey = "x-amz-server-side-encryption-customer-key";
constexpr std::string_view kKeyMd5 = "x-amz-server-side-encryption-customer-key-md5";
constexpr std::array<std::string_view, 4> kKept{kEncryption, kKmsKeyId, kAlgorithm, kKeyMd5};

constexpr std::string_view kAes = "AES256";
constexpr std::string_view kKms = "aws:kms";
constexpr size_t kKeySize = 32;

std::optional<std::string_view> kept_value(const HeaderList& kept, std::string_view name) {
    const auto found = std::ranges::find(kept, name, &HeaderList::value_type::first);
    return found == kept.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

Answer wrong(std::string_view message) { return error_answer(400, "InvalidArgument", message); }

bool has_customer_headers(const Request& request) {
    return request.header(kAlgorithm) || request.header(kKey) || request.header(kKeyMd5);
}

std::optional<Answer> check_customer_key(const Request& request) {
    const auto text = request.header(kKey);
    const auto text_md5 = request.header(kKeyMd5);
    if (request.header(kAlgorithm) != kAes) {
        return error_answer(400, "InvalidEncryptionAlgorithmError",
                            "The customer's algorithm must be AES256");
    }
    if (!text || !text_md5) {
        return wrong("The customer's key and its MD5 are needed");
    }
    const auto key = base64_decode(*text);
    if (!key || key->size() != kKeySize) {
        return wrong("The customer's key must be 256 bits in base64");
    }
    if (base64_encode(md5(*key)) != *text_md5) {
        return wrong("The MD5 of the customer's key is wrong");
    }
    return std::nullopt;
}

}  // namespace

bool is_kept_encryption_header(std::string_view name) {
    return std::ranges::find(kKept, name) != kKept.end();
}

HeaderList encryption_headers(const HeaderList& kept) {
    HeaderList headers;
    std::ranges::copy_if(kept, std::back_inserter(headers), is_kept_encryption_header,
                         &HeaderList::value_type::first);
    return headers;
}

bool has_opaque_etag(const HeaderList& kept) {
    return kept_value(kept, kEncryption) == kKms || kept_value(kept, kKeyMd5);
}

std::optional<Answer> check_put_encryption(const Request& request) {
    const auto encryption = request.header(kEncryption);
    if (encryption && encryption != kAes && encryption != kKms) {
        return wrong("x-amz-server-side-encryption must be AES256 or aws:kms");
    }
    if (request.header(kKmsKeyId) && encryption != kKms) {
        return wrong("A KMS key id goes with aws:kms only");
    }
    if (!has_customer_headers(request)) {
        return std::nullopt;
    }
    if (encryption) {
        return wrong("A customer's key does not go with x-amz-server-side-encryption");
    }
    return check_customer_key(request);
}

std::optional<Answer> check_get_encryption(const Request& request, const HeaderList& kept) {
    const auto key_md5 = kept_value(kept, kKeyMd5);
    if (!key_md5 && !has_customer_headers(request)) {
        return std::nullopt;
    }
    if (!key_md5) {
        return error_answer(400, "InvalidRequest", "The object has no customer's key");
    }
    if (!has_customer_headers(request)) {
        return error_answer(400, "InvalidRequest", "The object needs the customer's key");
    }
    if (auto refusal = check_customer_key(request)) {
        return refusal;
    }
    if (request.header(kKeyMd5) != key_md5) {
        return error_answer(400, "InvalidRequest", "The object has another customer's key");
    }
    return std::nullopt;
}

}  // namespace s3b::test
