// SPDX-License-Identifier: Apache-2.0
#include "net/key_document.h"

#include "net/secret.h"
#include "net/timestamp.h"
#include "tests/net/store_steps.h"

namespace s3b::net {
namespace {

using std::chrono::seconds;

std::string time_of(const char* text) {
    const auto time = parse_timestamp(text);
    if (!time) return "none";
    return std::to_string(std::chrono::duration_cast<seconds>(time->time_since_epoch()).count());
}

TEST(TimestampTest, IsReadInUtcAndWithOffsets) {
    EXPECT_EQ(time_of("1970-01-01T00:00:00Z"), "0");
    EXPECT_EQ(time_of("2024-02-29T12:34:56Z"), "1709210096");
    EXPECT_EQ(time_of("2024-02-29T12:34:56.789Z"), "1709210096");
    EXPECT_EQ(time_of("2024-02-29T12:34:56+00:00"), "1709210096");
    EXPECT_EQ(time_of("2024-02-29T14:04:56+01:30"), "1709210096");
    EXPECT_EQ(time_of("2024-02-29T07:34:56.000001-05:00"), "1709210096");
}

TEST(TimestampTest, BeyondAllLivesDoesNotOverflow) {
    EXPECT_EQ(time_of("9999-12-31T23:59:59Z"), time_of("2200-01-01T00:00:00Z"));
    EXPECT_EQ(time_of("0001-01-01T00:00:00Z"), "0");
}

TEST(TimestampTest, OfAnotherFormIsNone) {
    for (const char* text :
         {"", "x", "2024-02-29", "2024-02-29T12:34:56", "2024-02-30T00:00:00Z",
          "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
          "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+01",
          "24-01-01T00:00:00Z", "2024-01-01T00:00:0-Z", " 2024-01-01T00:00:00Z"}) {
        EXPECT_EQ(time_of(text), "none") << text;
    }
}

std::string shown(const Result<AccessKeys>& keys) {
    if (!keys.has_value()) return to_string(keys.error().code);
    return keys->id + ' ' + keys->secret + ' ' + keys->session_token;
}
std::string json(const char* text) { return shown(parse_key_document(text, KeyDocumentForm())); }

TEST(KeyDocumentTest, EscapesAreUndone) {
    EXPECT_EQ(json(R"({"AccessKeyId":"A","SecretAccessKey":"s\/\u002bx","Token":"t\"t"})"),
              "A s/+x t\"t");
}

TEST(KeyDocumentTest, TheTextOfOtherMembersDoesNotCount) {
    EXPECT_EQ(json(R"({"x":"\"AccessKeyId\":\"B\"","y":{"AccessKeyId":"C"},"AccessKeyId":"A",
                      "SecretAccessKey":"s","Token":"t"})"),
              "A s t");
}

TEST(KeyDocumentTest, EveryMemberMustBeThere) {
    for (const char* text :
         {R"({})", R"({"SecretAccessKey":"s","Token":"t"})", R"({"AccessKeyId":"A","Token":"t"})",
          R"({"AccessKeyId":"A","SecretAccessKey":"s"})",
          R"({"AccessKeyId":"","SecretAccessKey":"s","Token":"t"})",
          R"({"AccessKeyId":1,"SecretAccessKey":"s","Token":"t"})",
          R"({"AccessKeyId":"A","SecretAccessKey":null,"Token":"t"})",
          R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"no"})"}) {
        EXPECT_EQ(json(text), "InvalidArgument") << text;
    }
}

TEST(KeyDocumentTest, WhatIsNotAnObjectIsABadReply) {
    const std::string deep(2000, '[');
    for (const char* text : {"", "x", "[]", "\"A\"", "1", "{", "<html>", "{\"AccessKeyId\":\"A\"",
                             "{} x", "{\"a\":\"\xff\"}", deep.c_str()}) {
        EXPECT_EQ(json(text), "BadReply") << text;
    }
}

TEST(KeyDocumentTest, KeysThatForgeHeadersAreABadReply) {
    EXPECT_EQ(json(R"({"AccessKeyId":"A\r\nX: y","SecretAccessKey":"s","Token":"t"})"), "BadReply");
    EXPECT_EQ(json(R"({"AccessKeyId":"A","SecretAccessKey":"s","Token":"t\n"})"), "BadReply");
}

TEST(KeyDocumentTest, TheExpirationIsReadIfThereIsOne) {
    const auto with = [](const char* expiration) {
        return parse_key_document(
            std::string(R"({"AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":)") +
                expiration + "}",
            KeyDocumentForm());
    };
    EXPECT_EQ(with("\"1970-01-01T00:00:09Z\"")->expires, WallTime(seconds(9)));
    EXPECT_FALSE(with("null")->expires.has_value());
    expect_error(with("\"soon\""), Errc::BadReply);
    expect_error(with("17"), Errc::BadReply);
}

TEST(KeyDocumentTest, ProgramsSayTheVersionAndMayLeaveOutTheToken) {
    KeyDocumentForm form;
    form.token = "SessionToken";
    form.token_required = false;
    form.version_1 = true;
    const auto read = [&form](const char* text) { return shown(parse_key_document(text, form)); };
    EXPECT_EQ(read(R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s"})"), "A s ");
    EXPECT_EQ(read(R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t"})"),
              "A s t");
    EXPECT_EQ(read(R"({"Version":2,"AccessKeyId":"A","SecretAccessKey":"s"})"), "Unsupported");
    EXPECT_EQ(read(R"({"AccessKeyId":"A","SecretAccessKey":"s"})"), "Unsupported");
}

std::string credentials_xml(const std::string& inside) {
    return "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>" +
           inside +
           "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
}
const std::string kParts =
    "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s&amp;&#43;</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>1970-01-01T00:00:09Z</Expiration>";

TEST(StsAnswerTest, IsReadByTheElementsPaths) {
    const Result<AccessKeys> keys = parse_sts_answer(credentials_xml(kParts));
    EXPECT_EQ(shown(keys), "A s&+ t");
    EXPECT_EQ(keys->expires, WallTime(seconds(9)));
    EXPECT_EQ(shown(parse_sts_answer("<AssumeRoleResponse>" + kParts + "</AssumeRoleResponse>")),
              "InvalidArgument");
}

TEST(StsAnswerTest, EveryPartMustBeThere) {
    for (const char* name : {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}) {
        std::string parts = kParts;
        for (size_t at = parts.find(name); at != std::string::npos; at = parts.find(name)) {
            parts.replace(at, 4, "Xxxx");
        }
        EXPECT_FALSE(parse_sts_answer(credentials_xml(parts)).has_value()) << name;
    }
}

TEST(StsAnswerTest, DocumentTypesAndEntitiesAreRefused) {
    EXPECT_EQ(shown(parse_sts_answer("<!DOCTYPE x [<!ENTITY e 'A'>]>" + credentials_xml(kParts))),
              "BadReply");
    EXPECT_EQ(shown(parse_sts_answer("<!DOCTYPE x>" + credentials_xml(kParts))), "BadReply");
    EXPECT_EQ(shown(parse_sts_answer(credentials_xml("<AccessKeyId>&e;</AccessKeyId>"))),
              "BadReply");
}

TEST(StsAnswerTest, WhatIsNoXmlIsABadReply) {
    std::string deep;
    for (int i = 0; i < 17; ++i) deep.insert(0, "<a>").append("</a>");
    for (const std::string& text :
         {std::string(), std::string("x"), std::string("{}"), std::string("<a>"), deep,
          credentials_xml(kParts).substr(0, 300)}) {
        EXPECT_EQ(shown(parse_sts_answer(text)), "BadReply") << text;
    }
}

TEST(SecretTest, AWipedTextLeavesNothingInItsMemory) {
    for (const size_t size : {5U, 100U}) {
        std::string text(size, 's');
        text.resize(2);  // the rest is behind its end now
        const char* const memory = text.data();
        wipe(text);
        EXPECT_TRUE(text.empty());
        EXPECT_EQ(std::string(memory, text.capacity()).find('s'), std::string::npos);
    }
}

}  // namespace
}  // namespace s3b::net
