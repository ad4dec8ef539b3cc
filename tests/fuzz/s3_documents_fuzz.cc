// SPDX-License-Identifier: Apache-2.0
// XML documents of a store. Input: a digit (how many keys were asked for), a line with the prefix,
// a line with the marker, then the document. A bulk delete has asked for prefix and marker.
#include "net/s3_documents.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "net/xml.h"
#include "tests/fuzz/fuzz_input.h"

namespace s3b::net {
namespace {

constexpr std::array<uint32_t, 4> kMaxKeys = {1000, 1, 2, 16};

void check_order(const ListPage& page, const ListRequest& request) {
    std::string_view before = request.after;
    for (const ListedObject& object : page.objects) {
        CHECK(object.key > before && object.key.starts_with(request.prefix));
        before = object.key;
    }
    CHECK(page.objects.size() <= request.max_keys);
    CHECK(!page.truncated || !page.objects.empty());
}

/// What was read is read again from a document of our own.
void check_round_trip(const ListPage& page, const ListRequest& request) {
    std::string document = "<ListBucketResult><IsTruncated>";
    document += page.truncated ? "true" : "false";
    document += "</IsTruncated>";
    for (const ListedObject& object : page.objects) {
        document += "<Contents><Key>" + xml_escape(object.key) + "</Key></Contents>";
    }
    document += "</ListBucketResult>";
    const Result<ListPage> again = parse_list_page(document, request);
    CHECK(again.has_value() && again->truncated == page.truncated);
    const auto same_key = [](const ListedObject& a, const ListedObject& b) {
        return a.key == b.key;
    };
    CHECK(std::ranges::equal(page.objects, again->objects, same_key));
}

void check_text(std::string_view text) {
    CHECK(text.size() <= kMaxErrorText);
    CHECK(std::ranges::none_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
}

void check_error(const ErrorDocument& error) {
    for (const std::string* text :
         {&error.code, &error.message, &error.region, &error.endpoint, &error.bucket}) {
        check_text(*text);
    }
}

void check_bulk_answer(std::string_view document, const std::vector<std::string>& keys) {
    const auto undeleted = parse_bulk_answer(document, keys);
    if (!undeleted.has_value()) return;
    for (const UndeletedKey& one : *undeleted) {
        CHECK(std::ranges::find(keys, one.key) != keys.end());
        check_text(one.code);
        check_text(one.message);
    }
}

void run(FuzzInput input) {
    ListRequest request;
    request.max_keys = kMaxKeys[input.choice(kMaxKeys.size())];
    request.prefix = input.line();
    request.after = input.line();
    const ExactCopy copy(input.rest());
    const std::string_view document = copy.text();
    const Result<ListPage> page = parse_list_page(document, request);
    if (page.has_value()) {
        check_order(*page, request);
        check_round_trip(*page, request);
    }
    check_error(parse_error_document(document));
    if (const auto error = error_in_document(document)) check_error(*error);
    check_bulk_answer(document, {std::string(request.prefix), std::string(request.after)});
}

}  // namespace
}  // namespace s3b::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    s3b::net::run(s3b::FuzzInput(data, size));
    return 0;
}
