// SPDX-License-Identifier: Apache-2.0
#include "net/xml.h"

#include <expat.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <vector>

#include "engine/base/check.h"

namespace s3b::net {

namespace {

class Reader {
public:
    Reader(const XmlLimits& limits, const XmlVisitor& visit);
    XmlEnd read(std::string_view document);

private:
    struct FreeParser {
        void operator()(XML_ParserStruct* parser) const { XML_ParserFree(parser); }
    };
    struct Open {
        size_t parent_length;  // of path_
        std::string text;
    };

    static void on_begin(void* self, const XML_Char* name, const XML_Char** attributes);
    static void on_end(void* self, const XML_Char* name);
    static void on_text(void* self, const XML_Char* text, int length);
    static void on_doctype(void* self, const XML_Char* name, const XML_Char* system_id,
                           const XML_Char* public_id, int has_internal_subset);
    void begin(std::string_view name);
    void refuse();

    const XmlLimits& limits_;
    const XmlVisitor& visit_;
    std::unique_ptr<XML_ParserStruct, FreeParser> parser_;
    std::string path_;
    std::vector<Open> open_;
    size_t elements_ = 0;
};

Reader::Reader(const XmlLimits& limits, const XmlVisitor& visit)
    : limits_(limits), visit_(visit), parser_(XML_ParserCreate(nullptr)) {
    CHECK(parser_ != nullptr);
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), &Reader::on_begin, &Reader::on_end);
    XML_SetCharacterDataHandler(parser_.get(), &Reader::on_text);
    // Without a DTD there are no entities but the five of XML, and nothing external.
    XML_SetStartDoctypeDeclHandler(parser_.get(), &Reader::on_doctype);
}

XmlEnd Reader::read(std::string_view document) {
    if (document.size() > INT_MAX) return XmlEnd::Malformed;
    // Some stores keep a connection alive with blanks before they answer.
    document.remove_prefix(std::min(document.find_first_not_of(" \t\r\n"), document.size()));
    const int length = static_cast<int>(document.size());
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the length goes with it
    if (XML_Parse(parser_.get(), document.data(), length, XML_TRUE) == XML_STATUS_OK) {
        return XmlEnd::Complete;
    }
    switch (XML_GetErrorCode(parser_.get())) {
        case XML_ERROR_NO_ELEMENTS:  // ends within an element, or before the first one
        case XML_ERROR_UNCLOSED_TOKEN:
        case XML_ERROR_UNCLOSED_CDATA_SECTION:
        case XML_ERROR_PARTIAL_CHAR: return XmlEnd::Cut;
        default: return XmlEnd::Malformed;
    }
}

void Reader::on_begin(void* self, const XML_Char* name, const XML_Char**) {
    static_cast<Reader*>(self)->begin(name);
}

void Reader::begin(std::string_view name) {
    if (++elements_ > limits_.elements || open_.size() == limits_.depth) return refuse();
    if (name.size() > limits_.text) return refuse();
    open_.push_back({path_.size(), {}});
    path_ += '/';
    path_ += name;
}

void Reader::on_end(void* self, const XML_Char*) {
    Reader& reader = *static_cast<Reader*>(self);
    reader.visit_(reader.path_, reader.open_.back().text);
    reader.path_.resize(reader.open_.back().parent_length);
    reader.open_.pop_back();
}

void Reader::on_text(void* self, const XML_Char* text, int length) {
    Reader& reader = *static_cast<Reader*>(self);
    std::string& all = reader.open_.back().text;
    if (all.size() + static_cast<size_t>(length) > reader.limits_.text) return reader.refuse();
    all.append(text, static_cast<size_t>(length));
}

void Reader::on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Reader*>(self)->refuse();
}

void Reader::refuse() {
    // Some handlers are called once more after a stop; then there must be nothing for them.
    XML_SetElementHandler(parser_.get(), nullptr, nullptr);
    XML_SetCharacterDataHandler(parser_.get(), nullptr);
    XML_StopParser(parser_.get(), XML_FALSE);
}

}  // namespace

XmlEnd read_xml(std::string_view document, const XmlLimits& limits, const XmlVisitor& visit) {
    return Reader(limits, visit).read(document);
}

std::string xml_escape(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&apos;"; break;
            default:
                // A reader would turn some of these into others.
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                    escaped += "&#" + std::to_string(static_cast<unsigned char>(c)) + ';';
                } else {
                    escaped += c;
                }
        }
    }
    return escaped;
}

}  // namespace s3b::net
