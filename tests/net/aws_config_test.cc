// SPDX-License-Identifier: Apache-2.0
#include "net/aws_config.h"

#include <gtest/gtest.h>

namespace s3b::net {
namespace {

using Kind = AwsConfig::Kind;

std::string value_in(std::string_view text, Kind kind, std::string_view profile,
                     std::string_view name) {
    size_t line = 0;
    const auto config = AwsConfig::parse(text, kind, line);
    if (!config) return "line " + std::to_string(line);
    if (!config->has_profile(profile)) return "no profile";
    return std::string(config->value(profile, name));
}

TEST(AwsConfigTest, ProfilesAreNamedDifferentlyInTheTwoFiles) {
    constexpr const char* kText =
        "[default]\nk = 1\n[a]\nk=2\n[profile b]\nk=3\n[profile \"c d\"]\nk=4\n[sso-session e]\n"
        "k=5\n[profile default]\nj=6\n";
    EXPECT_EQ(value_in(kText, Kind::Credentials, "default", "k"), "1");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "a", "k"), "2");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "b", "k"), "no profile");
    EXPECT_EQ(value_in(kText, Kind::Config, "default", "k"), "1");
    EXPECT_EQ(value_in(kText, Kind::Config, "default", "j"), "6");
    EXPECT_EQ(value_in(kText, Kind::Config, "a", "k"), "no profile");
    EXPECT_EQ(value_in(kText, Kind::Config, "b", "k"), "3");
    EXPECT_EQ(value_in(kText, Kind::Config, "c d", "k"), "4");
    EXPECT_EQ(value_in(kText, Kind::Config, "e", "k"), "no profile");
}

TEST(AwsConfigTest, BlanksCommentsAndCapitalsDoNotMatter) {
    constexpr const char* kText =
        "\xEF\xBB\xBF# comment\r\n; comment\r\n\r\n[ default ] # comment\r\n"
        "AWS_Access_Key_Id\t=  AK  \r\n"
        "hash=a#b\nnote = a ;b\nquoted = \"x ;y\" z #c\n";
    EXPECT_EQ(value_in(kText, Kind::Credentials, "default", "aws_access_key_id"), "AK");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "default", "hash"), "a#b");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "default", "note"), "a");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "default", "quoted"), "\"x ;y\" z");
}

TEST(AwsConfigTest, NestedSettingsAreSkipped) {
    constexpr const char* kText =
        "[default]\ns3 =\n  k = nested\n  nonsense\nk = 1\n[b]\n  k = 2\n  j = 3\n";
    EXPECT_EQ(value_in(kText, Kind::Credentials, "default", "k"), "1");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "b", "k"), "2");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "b", "j"), "3");
}

TEST(AwsConfigTest, LaterValuesWinAlsoInAnotherSection) {
    constexpr const char* kText = "[a]\nk=1\nk=2\n[b]\nk=3\n[a]\nj=4\nk=5";
    EXPECT_EQ(value_in(kText, Kind::Credentials, "a", "k"), "5");
    EXPECT_EQ(value_in(kText, Kind::Credentials, "a", "j"), "4");
}

TEST(AwsConfigTest, AMalformedLineIsToldByItsNumber) {
    EXPECT_EQ(value_in("[a]\nk=1\nsecret\n", Kind::Credentials, "a", "k"), "line 3");
    EXPECT_EQ(value_in("k=1\n", Kind::Credentials, "a", "k"), "line 1");
    EXPECT_EQ(value_in("\n[a\n", Kind::Credentials, "a", "k"), "line 2");
    EXPECT_EQ(value_in("[a] b\n", Kind::Credentials, "a", "k"), "line 1");
    EXPECT_EQ(value_in("[a]\n=1\n", Kind::Credentials, "a", "k"), "line 2");
}

TEST(AwsConfigTest, AnEmptyFileHasNoProfiles) {
    EXPECT_EQ(value_in("", Kind::Config, "default", "k"), "no profile");
    EXPECT_EQ(value_in("[]\nk=1\n", Kind::Credentials, "", "k"), "no profile");
}

std::string words_of(std::string_view text) {
    const auto words = split_command(text);
    if (!words) return "none";
    std::string joined;
    for (const std::string& word : *words) joined += "<" + word + ">";
    return joined;
}

TEST(SplitCommandTest, WordsAreSplitAtBlanksOutsideOfQuotes) {
    EXPECT_EQ(words_of("a  b\tc "), "<a><b><c>");
    EXPECT_EQ(words_of("\"/opt/a b/c\" d\"e f\"g"), "</opt/a b/c><de fg>");
    EXPECT_EQ(words_of("a 'b \"c' \"\" ''"), "<a><b \"c><><>");
    EXPECT_EQ(words_of(R"(a\ b "c\"d\\e\f" 'g\h')"), R"(<a b><c"d\e\f><g\h>)");
}

TEST(SplitCommandTest, NothingIsExpanded) {
    EXPECT_EQ(words_of("$HOME ~ * `a` a|b;c>d"), "<$HOME><~><*><`a`><a|b;c>d>");
}

TEST(SplitCommandTest, OpenQuotesAndEmptyLinesAreNone) {
    for (const char* text : {"", "  ", "a 'b", "a \"b", "a \"b\\\""}) {
        EXPECT_EQ(words_of(text), "none") << text;
    }
}

}  // namespace
}  // namespace s3b::net
