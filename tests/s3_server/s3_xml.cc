// SPDX-License-Identifier: Apache-2.0
// The S3 operations with XML documents: listing a bucket (versions 1 and 2) and bulk delete.
#include <algorithm>

#include "tests/s3_server/s3_handlers.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view kNamespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
constexpr size_t kMaxPage = 1000;
constexpr size_t kBytesPerItem = 256;  // of a list; about

void append_element(std::string& out, std::string_view name, std::string_view text) {
    out += '<';
    out += name;
    out += '>';
    append_xml_escaped(out, text);
    out += "</";
    out += name;
    out += '>';
}

// Text of the first <name> in `xml`, and `xml` moved behind it. Enough for the documents of bulk
// delete, whose elements carry no attributes.
std::optional<std::string_view> take_element(std::string_view& xml, std::string_view name) {
    const std::string open = '<' + std::string(name) + '>';
    const std::string close = "</" + std::string(name) + '>';
    const size_t begin = xml.find(open);
    if (begin == std::string_view::npos) {
        return std::nullopt;
    }
    const size_t end = xml.find(close, begin);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view text = xml.substr(begin + open.size(), end - begin - open.size());
    xml.remove_prefix(end + close.size());
    return text;
}

void append_delete_error(std::string& out, std::string_view key) {
    out += "<Error>";
    append_element(out, "Key", key);
    append_element(out, "Code", "InternalError");
    append_element(out, "Message", "A fault rule wants this error");
    out += "</Error>";
}

std::string list_document(const Request& request, const S3Target& target, const ListQuery& query,
                          const ListPage& page, bool version_2) {
    std::string xml(kDeclaration);
    xml.reserve(1024 + page.items.size() * kBytesPerItem);
    xml += "<ListBucketResult";
    xml += kNamespace;
    xml += '>';
    append_element(xml, "Name", target.bucket);
    append_element(xml, "Prefix", query.prefix);
    append_element(xml, "MaxKeys", std::to_string(query.max_keys));
    if (!query.delimiter.empty()) {
        append_element(xml, "Delimiter", query.delimiter);
    }
    append_element(xml, "IsTruncated", page.truncated ? "true" : "false");
    if (version_2) {
        const size_t count = page.items.size() + page.common_prefixes.size();
        append_element(xml, "KeyCount", std::to_string(count));
        if (const auto token = request.query_value("continuation-token")) {
            append_element(xml, "ContinuationToken", *token);
        }
        if (page.truncated) {
            append_element(xml, "NextContinuationToken", page.last);
        }
    } else {
        append_element(xml, "Marker", query.after);
        if (page.truncated && !query.delimiter.empty()) {
            append_element(xml, "NextMarker", page.last);
        }
    }
    for (const ListPage::Item& item : page.items) {
        xml += "<Contents>";
        append_element(xml, "Key", item.key);
        append_element(xml, "LastModified", item.object->modified_iso);
        append_element(xml, "ETag", item.object->etag);
        append_element(xml, "Size", std::to_string(item.object->body.size()));
        append_element(xml, "StorageClass", item.object->storage_class);
        xml += "</Contents>";
    }
    for (const std::string& prefix : page.common_prefixes) {
        xml += "<CommonPrefixes>";
        append_element(xml, "Prefix", prefix);
        xml += "</CommonPrefixes>";
    }
    xml += "</ListBucketResult>";
    return xml;
}

}  // namespace

Answer S3Handlers::list(const Request& request, const S3Target& target, bool for_ever) const {
    const bool version_2 = request.query_value("list-type") == "2";
    ListQuery query;
    query.prefix = request.query_value("prefix").value_or("");
    query.delimiter = request.query_value("delimiter").value_or("");
    if (version_2) {
        const auto start_after = request.query_value("start-after").value_or("");
        query.after = request.query_value("continuation-token").value_or(start_after);
    } else {
        query.after = request.query_value("marker").value_or("");
    }
    const auto max_keys = parse_number(request.query_value("max-keys").value_or("1000"));
    if (!max_keys) {
        return error_answer(400, "InvalidArgument", "max-keys is not a number", target.bucket);
    }
    query.max_keys = std::min<size_t>(*max_keys, kMaxPage);
    ListPage page;
    if (for_ever) {
        ListQuery first = query;
        first.after.clear();
        page = store_.objects().list(target.bucket, first);
        page.truncated = true;
    } else {
        page = store_.objects().list(target.bucket, query);
    }
    return text_answer(200, "application/xml",
                       list_document(request, target, query, page, version_2));
}

Answer S3Handlers::bulk_delete(const Request& request, const S3Target& target, uint64_t errors) {
    if (!request.header("content-md5")) {
        return error_answer(400, "InvalidRequest", "Content-MD5 is missing", target.bucket);
    }
    std::string_view rest = request.body;
    std::vector<std::string> keys;
    while (auto object = take_element(rest, "Object")) {
        const auto key = take_element(*object, "Key");
        if (key) {
            keys.push_back(xml_unescape(*key));
        }
    }
    if (keys.empty() || keys.size() > kMaxPage) {
        return error_answer(400, "MalformedXML", "1 to 1000 keys are needed", target.bucket);
    }
    std::string_view whole = request.body;
    const bool quiet = take_element(whole, "Quiet") == "true";
    std::string xml(kDeclaration);
    xml += "<DeleteResult";
    xml += kNamespace;
    xml += '>';
    uint64_t deleted = 0;
    for (const std::string& key : keys) {
        if (errors > 0) {
            --errors;
            append_delete_error(xml, key);
            continue;
        }
        store_.remove(target.bucket, key);
        ++deleted;
        if (!quiet) {
            xml += "<Deleted>";
            append_element(xml, "Key", key);
            xml += "</Deleted>";
        }
    }
    xml += "</DeleteResult>";
    Answer answer = text_answer(200, "application/xml", std::move(xml));
    answer.bulk_deleted = deleted;
    return answer;
}

}  // namespace s3b::test
