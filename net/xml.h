// SPDX-License-Identifier: Apache-2.0
// XML documents from elsewhere, read by expat with limits. No namespaces: names are compared as
// they are written, as s3backer does, so that a default namespace does not matter.
// Source: wire-format.md 2.5.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace s3b::net {

/// What a document may be like; more than these is malformed.
struct XmlLimits {
    size_t depth = 16;          // S3's documents: 5
    size_t text = 8 * 1024;     // bytes in one element; a key has 1024
    size_t elements = 1 << 17;  // a page of 1000 keys has some 12,000
};

enum class XmlEnd {
    Complete,
    Cut,        // well-formed so far, but not ended
    Malformed,  // or more than the limits, or with a DTD: those are never what a store sends
};

/// Told of each element when it ends: its path, such as /Error/Code, and the text in it, without
/// that of the elements in it.
using XmlVisitor = std::function<void(std::string_view path, std::string_view text)>;

/// Reads `document`. `visit` has been told of all elements that ended before whatever was wrong.
/// Thread-safe.
XmlEnd read_xml(std::string_view document, const XmlLimits& limits, const XmlVisitor& visit);

/// `text` as the content of an element.
std::string xml_escape(std::string_view text);

}  // namespace s3b::net
