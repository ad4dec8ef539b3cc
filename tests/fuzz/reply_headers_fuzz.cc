// SPDX-License-Identifier: Apache-2.0
// Headers of an answer. Input: how often all is said (1 to 48 times), then the lines.
#include "net/reply_headers.h"

#include <cctype>
#include <string>

#include "engine/base/check.h"
#include "tests/fuzz/fuzz_input.h"

namespace s3b::net {
namespace {

constexpr size_t kMostRounds = 48;

/// Keeps the account that ReplyHeaders has to keep.
class Reader {
public:
    void add(std::string_view line) {
        const ExactCopy exact(line);
        bytes_ += line.size();
        ++lines_;
        const bool within = lines_ <= ReplyHeaders::kMaxLines && bytes_ <= ReplyHeaders::kMaxBytes;
        CHECK(headers_.add_line(exact.text()) == within);
    }
    const ReplyHeaders& headers() const { return headers_; }

private:
    ReplyHeaders headers_;
    size_t lines_ = 0;
    size_t bytes_ = 0;
};

void check_values(const ReplyHeaders& headers) {
    const std::string* const texts[] = {&headers.meta.content_encoding, &headers.location,
                                        &headers.bucket_region,         &headers.encryption,
                                        &headers.customer_encryption,   &headers.storage_class};
    for (const std::string* text : texts) {
        CHECK(text->size() <= ReplyHeaders::kMaxLineBytes);
        CHECK(text->empty() || !std::isspace(static_cast<unsigned char>(text->front())) ||
              text->front() == '\v' || text->front() == '\f');
    }
    for (const auto& size : {headers.meta.block_size, headers.meta.file_size}) {
        CHECK(!size || size->value != 0);
    }
    if (headers.retry_after) {
        CHECK(*headers.retry_after >= Duration::zero());
        CHECK(*headers.retry_after <= ReplyHeaders::kMaxRetryAfter);
    }
}

void check_same(const ReplyHeaders& a, const ReplyHeaders& b) {
    CHECK(a.etag == b.etag && a.content_length == b.content_length && a.date == b.date);
    CHECK(a.retry_after == b.retry_after && a.location == b.location);
    CHECK(a.bucket_region == b.bucket_region && a.encryption == b.encryption);
    CHECK(a.customer_encryption == b.customer_encryption && a.storage_class == b.storage_class);
    CHECK(a.meta.content_encoding == b.meta.content_encoding);
    CHECK(a.meta.block_size == b.meta.block_size && a.meta.file_size == b.meta.file_size);
    CHECK(a.meta.mount_token == b.meta.mount_token && a.meta.hmac == b.meta.hmac);
}

/// The same line with its name in capitals.
std::string with_capitals(std::string_view line) {
    std::string copy(line);
    if (line.starts_with("HTTP/")) return copy;
    for (char& c : copy) {
        if (c == ':') break;
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return copy.starts_with("HTTP/") ? std::string(line) : copy;
}

void run(FuzzInput input) {
    const size_t rounds = 1 + input.choice(kMostRounds);
    Reader as_given;
    Reader capitals;
    for (size_t round = 0; round < rounds; ++round) {
        FuzzInput lines = input;
        while (!lines.rest().empty()) {
            const std::string_view line = lines.line();
            as_given.add(line);
            capitals.add(with_capitals(line));
        }
    }
    check_values(as_given.headers());
    check_same(as_given.headers(), capitals.headers());
}

}  // namespace
}  // namespace s3b::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    s3b::net::run(s3b::FuzzInput(data, size));
    return 0;
}
