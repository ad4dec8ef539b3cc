// SPDX-License-Identifier: Apache-2.0
#include "engine/access_file.h"

#include "tests/engine/command_line.h"

namespace s3b {

namespace {

std::string found(std::string_view text, std::optional<std::string_view> id = std::nullopt) {
    const auto credentials = find_access_entry(text, id);
    return credentials ? credentials->id + " " + credentials->key : "none";
}

TEST(AccessFileTest, GivesItsFirstLineThatCounts) {
    EXPECT_EQ(found("# a comment:x\n\n  indented:x\n\tindented:x\nno colon\nAK:secret\nB:y\n"),
              "AK secret");
}

TEST(AccessFileTest, GivesTheFirstLineOfAnId) {
    EXPECT_EQ(found("A:1\nB:2\nB:3\n", "B"), "B 2");
    EXPECT_EQ(found("A:1\n", "a"), "none");
}

TEST(AccessFileTest, KeepsAllOfTheKeyButWhiteSpaceAtItsEnd) {
    EXPECT_EQ(found("A:x:y/+= z \t\r\n"), "A x:y/+= z");
    EXPECT_EQ(found("A:last line"), "A last line");
}

TEST(AccessFileTest, WithoutALineThatCountsGivesNothing) {
    for (const char* text : {"", "\n", "\n\n", "x", "#A:1", ":key", " "}) {
        EXPECT_EQ(found(text), "none") << text;
    }
}

class CredentialsTest : public CommandLineTest {};

TEST_F(CredentialsTest, ComeFromTheFileInTheHomeDirectory) {
    write_file("home/.s3backer_passwd", "AK:secret\n");
    const Config config = mounted({});
    EXPECT_EQ(config.s3.access_id, "AK");
    EXPECT_EQ(config.s3.access_key, "secret");
}

TEST_F(CredentialsTest, ComeFromAFileGivenRelativeToTheCurrentDirectory) {
    write_file("home/.s3backer_passwd", "HOME:no\n");
    write_file("other", "AK:secret\n");
    EXPECT_EQ(mounted({"--accessFile=other"}).s3.access_id, "AK");
}

TEST_F(CredentialsTest, OfAGivenIdAreLookedUp) {
    write_file("other", "A:1\nB:2\n");
    EXPECT_EQ(mounted({"--accessFile=other", "--accessId=B"}).s3.access_key, "2");
}

TEST_F(CredentialsTest, TakeTheIdFromTheFileForAGivenKey) {
    write_file("other", "A:1\n");
    const Config config = mounted({"--accessFile=other", "--accessKey=given"});
    EXPECT_EQ(config.s3.access_id, "A");
    EXPECT_EQ(config.s3.access_key, "given");
}

TEST_F(CredentialsTest, AreNotUsedWithAnEmptyId) {
    write_file("home/.s3backer_passwd", "AK:secret\n");
    const Config config = mounted({"--accessId="});
    EXPECT_EQ(config.s3.access_id, "");
    EXPECT_EQ(config.s3.access_key, "");
}

TEST_F(CredentialsTest, WithAnIdButNoKeyAreRefused) {
    EXPECT_TRUE(names(refusal({"--accessId=AK"}), {"no access key", "AK", ".s3backer_passwd"}));
    environment_.home.reset();
    EXPECT_TRUE(names(refusal({"--accessId=AK"}), {"no access key", "AK"}));
}

TEST_F(CredentialsTest, WithAKeyButNoIdAreRefusedWithoutShowingTheKey) {
    const std::string text = refusal({"--accessKey=hidden"});
    EXPECT_TRUE(names(text, {"access id"}));
    EXPECT_EQ(text.find("hidden"), std::string::npos);
}

TEST_F(CredentialsTest, MissingAreWarnedAboutInTwoLines) {
    const Checked<CommandLine> result = parse({"--quiet", "mybucket", "mnt"});
    ASSERT_EQ(error_of(result), "");
    ASSERT_EQ(result.messages.size(), 2U);
    EXPECT_TRUE(names(result.messages[0], {"no access id", "only reads"}));
    EXPECT_TRUE(names(result.messages[1], {"readOnly"}));
}

TEST_F(CredentialsTest, MissingAreNotWarnedAboutWhereTheyAreNotExpected) {
    EXPECT_TRUE(parse({"--readOnly", "mybucket", "mnt"}).messages.empty());
    EXPECT_TRUE(parse({"--test", "blocks", "mnt"}).messages.empty());
    EXPECT_TRUE(parse({"--baseURL=http://h/", "mybucket", "mnt"}).messages.empty());
}

TEST_F(CredentialsTest, OfAGivenFileThatCannotBeReadAreWarnedAbout) {
    const Checked<CommandLine> result =
        parse({"--accessFile=nosuch", "--readOnly", "mybucket", "mnt"});
    ASSERT_EQ(error_of(result), "");
    ASSERT_EQ(result.messages.size(), 1U);
    EXPECT_TRUE(names(result.messages[0], {"/nosuch", "No such file"}));
}

TEST_F(CredentialsTest, OfAFileOfAbsurdSizeAreNotUsed) {
    write_file("huge", "AK:secret\n" + std::string(1 << 20, '#'));
    const Checked<CommandLine> result =
        parse({"--accessFile=huge", "--readOnly", "mybucket", "mnt"});
    ASSERT_EQ(error_of(result), "");
    EXPECT_EQ(result.value()->config.s3.access_id, "");
    ASSERT_EQ(result.messages.size(), 1U);
    EXPECT_TRUE(names(result.messages[0], {"/huge", "too large"}));
}

TEST_F(CredentialsTest, MayBeADirectoryWhichCountsAsUnreadable) {
    EXPECT_EQ(mounted({"--accessFile=mnt"}).s3.access_id, "");
}

}  // namespace

}  // namespace s3b
