// SPDX-License-Identifier: Apache-2.0
// The headers of an answer that somebody asks for, read line by line as they arrive. Limits keep
// a hostile or broken server from making us hold more than a few kilobytes.
// Source: wire-format.md 3.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/digest.h"
#include "engine/base/types.h"
#include "net/object_store.h"

namespace s3b::net {

/// Names are matched without regard to case; a later line of one name replaces an earlier one.
class ReplyHeaders {
public:
    /// S3 answers with about 12 lines of 40 bytes; more than these is no answer of a store.
    static constexpr size_t kMaxLines = 128;
    static constexpr size_t kMaxBytes = 64 * 1024;
    /// Values we keep are shorter; a longer line is ignored, as s3backer does.
    static constexpr size_t kMaxLineBytes = 1023;
    static constexpr Duration kMaxRetryAfter = std::chrono::hours(1);

    /// Takes one line with or without its line end. A status line starts anew (after a 100).
    /// False once a limit is exceeded: the exchange is to be given up.
    bool add_line(std::string_view line);
    /// Takes nothing from a line that comes too late to count, but holds it to the limits.
    bool skip_line(std::string_view line);

    ETag etag;        // only a quoted MD5 with nothing after it
    ObjectMeta meta;  // a number that is zero or malformed counts as absent
    std::optional<ByteCount> content_length;
    std::string location;
    std::string bucket_region;     // x-amz-bucket-region
    std::optional<WallTime> date;  // the server's clock; any form of RFC 7231, 7.1.1.1
    /// How long the server asks us to wait, 0 to kMaxRetryAfter. A time of day counts from `date`.
    std::optional<Duration> retry_after;
    // x-amz-server-side-encryption: AES256, aws:kms. With aws:kms, and with a customer's key, the
    // ETag is no MD5 of the body.
    std::string encryption;
    std::string customer_encryption;  // ...-customer-algorithm
    std::string storage_class;        // x-amz-storage-class; none = STANDARD

private:
    void take(std::string_view name, std::string_view value);
    void take_of_amazon(std::string_view name, std::string_view value);
    void settle_retry_after();

    std::string retry_text_;
    size_t lines_ = 0;
    size_t bytes_ = 0;
};

/// The ETag in `value`: a quote, 32 hex digits of either case, a quote, the end. "<32 hex>-3" of a
/// multipart upload, weak and unquoted forms are none.
ETag parse_etag(std::string_view value);

/// The HMAC in `value`: a quote, 40 hex digits of either case, a quote, the end. Anything else, and
/// all zeros, is none.
std::optional<Sha1> parse_hmac(std::string_view value);

}  // namespace s3b::net
