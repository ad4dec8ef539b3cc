// SPDX-License-Identifier: Apache-2.0
// XML from elsewhere: what is read, and what is refused.
#include "net/xml.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace s3b::net {
namespace {

struct Seen {
    XmlEnd end;
    std::vector<std::string> elements;  // PATH=TEXT
};

Seen read(const std::string& document, const XmlLimits& limits = XmlLimits()) {
    Seen seen{};
    seen.end = read_xml(document, limits, [&](std::string_view path, std::string_view text) {
        seen.elements.push_back(std::string(path) + '=' + std::string(text));
    });
    return seen;
}

using Elements = std::vector<std::string>;

TEST(Xml, ElementsAreToldOfWhenTheyEnd) {
    const Seen seen =
        read("<?xml version=\"1.0\"?>\n<a xmlns=\"urn:x\"><b>1</b>x<c/><b>2</b>y</a>\n");
    EXPECT_EQ(seen.end, XmlEnd::Complete);
    EXPECT_EQ(seen.elements, (Elements{"/a/b=1", "/a/c=", "/a/b=2", "/a=xy"}));
}

TEST(Xml, TextIsDecoded) {
    const Seen seen = read("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;<![CDATA[<c>]]></a>");
    EXPECT_EQ(seen.elements, Elements{"/a=<&>\"'AB<c>"});
}

TEST(Xml, BlanksMayComeFirst) {
    EXPECT_EQ(read(" \r\n<?xml version=\"1.0\"?><a/>").end, XmlEnd::Complete);
}

TEST(Xml, ACutDocumentYieldsWhatWasWhole) {
    const std::string whole = "<e><c>X</c><m>some text</m></e>";
    for (size_t length = 0; length < whole.size(); ++length) {
        const Seen seen = read(whole.substr(0, length));
        EXPECT_EQ(seen.end, XmlEnd::Cut) << length;
        EXPECT_EQ(seen.elements.size(), (length >= 11 ? 1U : 0U) + (length >= 27 ? 1U : 0U))
            << length;
    }
}

TEST(Xml, OtherDocumentsAreMalformed) {
    for (const char* document : {"x", "<a></b>", "<a/><b/>", "<a>&unknown;</a>", "<a>&#0;</a>",
                                 "<a b></a>", "<a>\x01</a>", "<a>\xff\xfe</a>", "{\"a\":1}"}) {
        EXPECT_EQ(read(document).end, XmlEnd::Malformed) << document;
    }
}

TEST(Xml, NoDtdIsRead) {
    for (const char* document :
         {"<!DOCTYPE a><a>1</a>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a>1</a>",
          "<!DOCTYPE a [<!ENTITY e \"1\">]><a>&e;</a>",
          "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
          "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><a>1</a>"}) {
        const Seen seen = read(document);
        EXPECT_EQ(seen.end, XmlEnd::Malformed) << document;
        EXPECT_TRUE(seen.elements.empty()) << document;
    }
}

TEST(Xml, DepthTextAndNumberAreLimited) {
    XmlLimits limits;
    limits.depth = 2;
    limits.text = 4;
    limits.elements = 3;
    EXPECT_EQ(read("<a><b/></a>", limits).end, XmlEnd::Complete);
    EXPECT_EQ(read("<a><b><c/></b></a>", limits).end, XmlEnd::Malformed);
    EXPECT_EQ(read("<a>1234</a>", limits).end, XmlEnd::Complete);
    EXPECT_EQ(read("<a>12345</a>", limits).end, XmlEnd::Malformed);
    EXPECT_EQ(read("<a>1&amp;3&amp;5</a>", limits).end, XmlEnd::Malformed);
    EXPECT_EQ(read("<a><b/><b/></a>", limits).end, XmlEnd::Complete);
    const Seen seen = read("<a><b/><b/><b/></a>", limits);
    EXPECT_EQ(seen.end, XmlEnd::Malformed);
    EXPECT_EQ(seen.elements, (Elements{"/a/b=", "/a/b="}));
}

TEST(XmlEscape, IsUndoneByReading) {
    const std::string text = "p/&<>\"'\t\r\n \xc3\xa4]]>";
    EXPECT_EQ(read("<a>" + xml_escape(text) + "</a>").elements, Elements{"/a=" + text});
    EXPECT_EQ(xml_escape("a&<\r"), "a&amp;&lt;&#13;");
}

}  // namespace
}  // namespace s3b::net
