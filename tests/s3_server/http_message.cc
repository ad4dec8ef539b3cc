// SPDX-License-Identifier: Apache-2.0
// Look-ups in a request and the two common forms of an answer.
#include "tests/s3_server/http_message.h"

#include "tests/s3_server/text.h"

namespace s3b::test {

void Request::set_target(std::string_view target) {
    const size_t mark = target.find('?');
    raw_path = target.substr(0, mark);
    path = percent_decode(raw_path);
    query.clear();
    if (mark != std::string_view::npos) {
        query = parse_query(target.substr(mark + 1));
    }
}

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const HeaderView& item : headers) {
        if (equal_ignoring_case(item.name, name)) {
            return item.value;
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
    for (const QueryItem& item : query) {
        if (item.name == name) {
            return item.value;
        }
    }
    return std::nullopt;
}

Answer text_answer(unsigned status, std::string_view content_type, std::string text) {
    Answer answer;
    answer.status = status;
    answer.headers.emplace_back("Content-Type", content_type);
    answer.body = std::make_shared<const std::string>(std::move(text));
    return answer;
}

Answer error_answer(unsigned status, std::string_view code, std::string_view message,
                    std::string_view resource) {
    std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>";
    xml += xml_escape(code);
    xml += "</Code><Message>";
    xml += xml_escape(message);
    xml += "</Message><Resource>";
    xml += xml_escape(resource);
    xml += "</Resource></Error>";
    return text_answer(status, "application/xml", std::move(xml));
}

}  // namespace s3b::test
