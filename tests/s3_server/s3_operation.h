// SPDX-License-Identifier: Apache-2.0
// What a request asks for: the operation, the bucket and the key, from method, path and Host.
// Statistics and fault rules name operations as operation_name does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/s3_server/http_message.h"

namespace s3b::test {

enum class Operation {
    kGet,
    kHead,
    kPut,
    kDelete,
    kList,         // GET of a bucket
    kPost,         // bulk delete
    kOther,        // other requests about buckets
    kCredentials,  // of the credential endpoints; the key is the path without its first slash
};

inline constexpr size_t kOperationCount = 8;

std::string_view operation_name(Operation operation);
std::optional<Operation> parse_operation(std::string_view name);

struct S3Target {
    Operation operation = Operation::kOther;
    std::string bucket;
    std::string key;
    bool is_virtual_host = false;
};

// Path style, or virtual-host style when the Host is BUCKET.localhost[:port].
S3Target s3_target(const Request& request);
// "/BUCKET/KEY" with the given path.
S3Target split_path(std::string_view path);

}  // namespace s3b::test
