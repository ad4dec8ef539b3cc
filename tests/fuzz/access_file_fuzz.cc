// SPDX-License-Identifier: Apache-2.0
// The access file. Input: a line with the id that is looked for, then the file.
#include "engine/access_file.h"

#include "engine/base/check.h"
#include "tests/fuzz/fuzz_input.h"

namespace s3b {
namespace {

bool same(const std::optional<AccessEntry>& a, const std::optional<AccessEntry>& b) {
    return a.has_value() == b.has_value() && (!a || (a->id == b->id && a->key == b->key));
}

void check_entry(std::string_view text, const std::optional<AccessEntry>& entry) {
    if (!entry) return;
    CHECK(!entry->id.empty() && entry->id.find_first_of(":\n") == std::string::npos);
    CHECK(entry->id.find_first_of("# \t\r\v\f") != 0);
    CHECK(entry->key.find('\n') == std::string::npos);
    CHECK(entry->key.empty() || entry->key.find_last_of(" \t\r\v\f") != entry->key.size() - 1);
    CHECK(text.find(entry->id + ':' + entry->key) != std::string_view::npos);
}

std::string with_dos_line_ends(std::string_view text) {
    std::string dos;
    for (const char c : text) {
        if (c == '\n') dos += '\r';
        dos += c;
    }
    return dos;
}

void run(FuzzInput input) {
    const std::string_view id = input.line();
    const ExactCopy text(input.rest());
    const auto first = find_access_entry(text.text(), std::nullopt);
    const auto found = find_access_entry(text.text(), id);
    check_entry(text.text(), first);
    check_entry(text.text(), found);
    if (found) CHECK(first && found->id == id);
    if (first) CHECK(same(first, find_access_entry(text.text(), first->id)));
    const std::string dos = with_dos_line_ends(text.text());
    CHECK(same(first, find_access_entry(dos, std::nullopt)));
    CHECK(same(found, find_access_entry(dos, id)));
    const std::string after_comments = "# a:b\n\n c:d\ne\n" + std::string(text.text());
    CHECK(same(first, find_access_entry(after_comments, std::nullopt)));
    CHECK(same(found, find_access_entry(after_comments, id)));
}

}  // namespace
}  // namespace s3b

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    s3b::run(s3b::FuzzInput(data, size));
    return 0;
}
