// SPDX-License-Identifier: Apache-2.0
// The XML documents of S3, pure and thread-safe: a page of a list, the request and the answer of a
// bulk delete, an error. Nothing here trusts the sender.
// Source: wire-format.md 2.5, 2.6, 12.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/result.h"
#include "net/object_store.h"

namespace s3b::net {

/// The answer of a list or bulk delete is at most so long: 1000 keys of 1024 bytes, and as much
/// again for what stands around them. Pages of blocks take a tenth of that; 16 are read at once.
inline constexpr size_t kMaxDocument = 2 << 20;
/// Longer documents are made and read on a worker: some 0.3 ms each.
inline constexpr size_t kHandOverDocument = 32 << 10;
inline constexpr size_t kMaxBulkDelete = 1000;

/// What an error document says, for decisions and log lines. Each value has at most kMaxErrorText
/// bytes, without control characters; empty if it is not there.
struct ErrorDocument {
    std::string code;
    std::string message;
    std::string region;
    std::string endpoint;
    std::string bucket;

    ErrorDocument() = default;
};
inline constexpr size_t kMaxErrorText = 200;

/// Reads what can be read: `document` may be cut off, or no XML at all.
ErrorDocument parse_error_document(std::string_view document);

/// The page that answers `request`. Errors: BadReply if the document is none, is not whole, does
/// not say whether more follows, or names keys that were not asked for or are out of order. Whoever
/// believed such a page might take blocks that exist for zeros.
Result<ListPage> parse_list_page(std::string_view document, const ListRequest& request);

/// The body of a bulk delete, with its digests.
struct BulkDelete {
    std::string document;
    Md5 md5;
    Sha256 sha256;

    BulkDelete() = default;
};

BulkDelete make_bulk_delete(std::span<const std::string> keys);

/// A key that is still there after a bulk delete, and why.
struct UndeletedKey {
    std::string key;
    std::string code;  // both as in ErrorDocument
    std::string message;

    UndeletedKey() = default;
};

/// Which of `keys` are still there, by the answer to their bulk delete. Errors: BadReply if the
/// document is none, is not whole, or says of another key that it is still there.
Result<std::vector<UndeletedKey>> parse_bulk_answer(std::string_view document,
                                                    std::span<const std::string> keys);

/// The <Error> that some stores send as a document of status 200, after they had begun to answer.
/// nullopt if `document` is something else. Cheap: looks at short documents only.
std::optional<ErrorDocument> error_in_document(std::string_view document);

}  // namespace s3b::net
