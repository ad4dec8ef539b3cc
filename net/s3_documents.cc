// SPDX-License-Identifier: Apache-2.0
#include "net/s3_documents.h"

#include <algorithm>
#include <unordered_set>

#include "codec/hash.h"
#include "net/reply_headers.h"
#include "net/xml.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxErrorDocument = 4096;

/// For decisions and log lines: not longer than need be, nothing that moves a cursor.
std::string printable(std::string_view text) {
    std::string value(text.substr(0, kMaxErrorText));
    for (char& c : value) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return value;
}

void take_error_element(ErrorDocument& error, std::string_view path, std::string_view text) {
    const auto take = [&](std::string& value) {
        if (value.empty()) value = printable(text);
    };
    if (path == "/Error/Code") take(error.code);
    if (path == "/Error/Message") take(error.message);
    if (path == "/Error/Region") take(error.region);
    if (path == "/Error/Endpoint") take(error.endpoint);
    if (path == "/Error/BucketName") take(error.bucket);
}

/// Collects the elements of a list; problem_ says what is wrong with them.
class ListReader {
public:
    explicit ListReader(const ListRequest& request) : request_(request) {}

    void take(std::string_view path, std::string_view text);
    Result<ListPage> finish(XmlEnd end);

private:
    void end_of_object();
    void refuse(const char* problem) {
        if (problem_ == nullptr) problem_ = problem;
    }

    const ListRequest& request_;
    ListPage page_;
    std::optional<std::string> key_;  // of the <Contents> that is being read
    ETag etag_;
    bool says_truncated_ = false;  // or that it is not
    bool is_list_ = false;
    const char* problem_ = nullptr;
};

void ListReader::take(std::string_view path, std::string_view text) {
    if (path == "/ListBucketResult/Contents/Key") {
        key_ = text;
    } else if (path == "/ListBucketResult/Contents/ETag") {
        etag_ = parse_etag(text);
    } else if (path == "/ListBucketResult/Contents") {
        end_of_object();
    } else if (path == "/ListBucketResult/IsTruncated") {
        page_.truncated = text == "true";
        says_truncated_ = page_.truncated || text == "false";
    } else if (path == "/ListBucketResult") {
        is_list_ = true;
    }
}

void ListReader::end_of_object() {
    if (!key_) return refuse("a listed object without a key");
    if (!key_->starts_with(request_.prefix)) return refuse("a listed key without the prefix");
    const std::string_view before =
        page_.objects.empty() ? request_.after : std::string_view(page_.objects.back().key);
    // An empty marker lies before all keys; no key is empty.
    if (*key_ <= before) return refuse("listed keys out of order");
    page_.objects.emplace_back(std::move(*key_), etag_);
    key_.reset();
    etag_.reset();
}

Result<ListPage> ListReader::finish(XmlEnd end) {
    if (end == XmlEnd::Cut) refuse("a list that is cut off");
    if (end == XmlEnd::Malformed) refuse("a malformed list");
    if (!is_list_) refuse("an answer that is no list");
    if (!says_truncated_) refuse("a list that does not say whether more follows");
    if (page_.truncated && page_.objects.empty()) refuse("an empty list that says more follows");
    if (page_.objects.size() > request_.max_keys) refuse("a list of too many keys");
    if (problem_ != nullptr) return Error(Errc::BadReply, problem_);
    return std::move(page_);
}

}  // namespace

ErrorDocument parse_error_document(std::string_view document) {
    ErrorDocument error;
    if (document.empty()) return error;
    read_xml(document, XmlLimits(), [&](std::string_view path, std::string_view text) {
        take_error_element(error, path, text);
    });
    return error;
}

Result<ListPage> parse_list_page(std::string_view document, const ListRequest& request) {
    ListReader reader(request);
    const XmlEnd end =
        read_xml(document, XmlLimits(),
                 [&](std::string_view path, std::string_view text) { reader.take(path, text); });
    return reader.finish(end);
}

BulkDelete make_bulk_delete(std::span<const std::string> keys) {
    BulkDelete bulk;
    bulk.document = "<Delete>";
    for (const std::string& key : keys) {
        bulk.document += "<Object><Key>" + xml_escape(key) + "</Key></Object>";
    }
    bulk.document += "</Delete>";
    bulk.md5 = codec::md5(codec::bytes_of(bulk.document));
    bulk.sha256 = codec::sha256(codec::bytes_of(bulk.document));
    return bulk;
}

Result<std::vector<UndeletedKey>> parse_bulk_answer(std::string_view document,
                                                    std::span<const std::string> keys) {
    const std::unordered_set<std::string_view> asked_for(keys.begin(), keys.end());
    std::vector<UndeletedKey> undeleted;
    UndeletedKey current;
    bool is_answer = false;
    bool names_others = false;
    const auto take = [&](std::string_view path, std::string_view text) {
        if (path == "/DeleteResult/Error/Key") current.key = text;
        if (path == "/DeleteResult/Error/Code") current.code = printable(text);
        if (path == "/DeleteResult/Error/Message") current.message = printable(text);
        if (path == "/DeleteResult") is_answer = true;
        if (path != "/DeleteResult/Error") return;
        if (!asked_for.contains(current.key)) names_others = true;
        // What is not there is removed, whatever a store thinks of it.
        if (current.code != "NoSuchKey") undeleted.push_back(current);
        current = UndeletedKey();
    };
    const XmlEnd end = read_xml(document, XmlLimits(), take);
    if (end != XmlEnd::Complete)
        return Error(Errc::BadReply, "a malformed answer to a bulk delete");
    if (!is_answer) return Error(Errc::BadReply, "no answer to a bulk delete");
    if (names_others) return Error(Errc::BadReply, "an answer about keys that we did not delete");
    return undeleted;
}

std::optional<ErrorDocument> error_in_document(std::string_view document) {
    if (document.size() > kMaxErrorDocument) return std::nullopt;
    if (document.find("<Error") == std::string_view::npos) return std::nullopt;
    ErrorDocument error;
    bool is_error = false;
    read_xml(document, XmlLimits(), [&](std::string_view path, std::string_view text) {
        take_error_element(error, path, text);
        if (path == "/Error") is_error = true;
    });
    if (!is_error) return std::nullopt;
    return error;
}

}  // namespace s3b::net
