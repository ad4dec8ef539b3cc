// SPDX-License-Identifier: Apache-2.0
// Tells operations, buckets and keys apart.
#include "tests/s3_server/s3_operation.h"

#include <array>

namespace s3b::test {

namespace {

constexpr std::array<std::string_view, kOperationCount> kNames{
    "GET", "HEAD", "PUT", "DELETE", "LIST", "POST", "OTHER", "CREDENTIALS"};
constexpr std::string_view kVirtualHostEnd = ".localhost";

Operation operation_of(const Request& request, bool has_key) {
    if (has_key) {
        const auto named = parse_operation(request.method);
        const bool of_object = named && *named <= Operation::kDelete;
        return of_object ? *named : Operation::kOther;
    }
    if (request.method == "GET") {
        return Operation::kList;
    }
    const bool is_bulk_delete = request.method == "POST" && request.query_value("delete");
    return is_bulk_delete ? Operation::kPost : Operation::kOther;
}

}  // namespace

std::string_view operation_name(Operation operation) {
    return kNames[static_cast<size_t>(operation)];
}

std::optional<Operation> parse_operation(std::string_view name) {
    for (size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) {
            return static_cast<Operation>(i);
        }
    }
    return std::nullopt;
}

S3Target split_path(std::string_view path) {
    if (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    const size_t slash = path.find('/');
    S3Target target;
    target.bucket = path.substr(0, slash);
    if (slash != std::string_view::npos) {
        target.key = path.substr(slash + 1);
    }
    return target;
}

S3Target s3_target(const Request& request) {
    std::string_view host = request.header("host").value_or("");
    host = host.substr(0, host.find(':'));
    S3Target target;
    if (host.ends_with(kVirtualHostEnd)) {
        host.remove_suffix(kVirtualHostEnd.size());
        target.is_virtual_host = true;
        target.bucket = host;
        target.key = request.path.substr(request.path.starts_with('/') ? 1 : 0);
    } else {
        target = split_path(request.path);
    }
    target.operation = operation_of(request, !target.key.empty());
    return target;
}

}  // namespace s3b::test
