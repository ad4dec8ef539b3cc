// SPDX-License-Identifier: Apache-2.0
// One HTTP request as received and one answer as it is to be sent, without any trace of the HTTP
// library. Header views of a request point into memory that lives as long as the request.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/s3_server/digests.h"

namespace s3b::test {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

struct QueryItem {
    std::string name;   // percent-decoded
    std::string value;  // percent-decoded; empty when there was no '='
};

struct Request {
    std::string method;
    std::string path;                 // percent-decoded, begins with '/'
    std::string raw_path;             // as received
    std::vector<QueryItem> query;     // in the order received
    std::vector<HeaderView> headers;  // in the order received
    std::string body;
    std::optional<Md5Digest> body_md5;  // once it is known

    // Splits "/path?name=value&..." and decodes the parts.
    void set_target(std::string_view target);
    // First header of that name (any case).
    std::optional<std::string_view> header(std::string_view name) const;
    std::optional<std::string_view> query_value(std::string_view name) const;
};

enum class BodyShape {
    kWhole,
    kFirstHalf,  // the length promises all, the connection is closed after half of it
    kHuge,       // kHugeBodySize bytes instead of the body
};

inline constexpr size_t kHugeBodySize = size_t{100} << 20;

struct Answer {
    unsigned status = 200;
    HeaderList headers;
    std::shared_ptr<const std::string> body;  // null: empty
    BodyShape shape = BodyShape::kWhole;
    uint64_t bulk_deleted = 0;  // keys that a bulk delete has removed, whether they existed or not

    size_t body_size() const { return body ? body->size() : 0; }
};

Answer text_answer(unsigned status, std::string_view content_type, std::string text);
// An S3 error document.
Answer error_answer(unsigned status, std::string_view code, std::string_view message,
                    std::string_view resource = {});

}  // namespace s3b::test
