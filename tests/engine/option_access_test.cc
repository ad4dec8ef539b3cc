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

using net::KeySource;

TEST_F(CredentialsTest, MayComeFromAVariable) {
    environment_.variables["MY_KEY"] = "secret";
    const Config config = mounted({"--accessId=AK", "--accessKeyEnv=MY_KEY"});
    EXPECT_EQ(config.s3.access_id, "AK");
    EXPECT_EQ(config.s3.access_key, "secret");
    EXPECT_EQ(config.key_source.source, KeySource::Fixed);
    EXPECT_TRUE(config.key_source.variables.empty());
}

TEST_F(CredentialsTest, FromAVariableWinOverTheFile) {
    environment_.variables["MY_KEY"] = "secret";
    write_file("home/.s3backer_passwd", "AK:other\n");
    EXPECT_EQ(mounted({"--accessKeyEnv=MY_KEY"}).s3.access_key, "secret");
}

TEST_F(CredentialsTest, FromAVariableThatIsNotSetAreRefused) {
    write_file("home/.s3backer_passwd", "AK:other\n");
    EXPECT_TRUE(names(refusal({"--accessKeyEnv=MY_KEY"}), {"`MY_KEY'", "`accessKeyEnv'"}));
    environment_.variables["MY_KEY"] = "";
    EXPECT_TRUE(names(refusal({"--accessKeyEnv=MY_KEY"}), {"`MY_KEY'", "`accessKeyEnv'"}));
}

TEST_F(CredentialsTest, FromAVariableContradictAKeyThatIsGiven) {
    environment_.variables["MY_KEY"] = "hidden1";
    const std::string text =
        refusal({"--accessId=A", "--accessKey=hidden2", "--accessKeyEnv=MY_KEY"});
    EXPECT_TRUE(names(text, {"`accessKey'", "`accessKeyEnv'"}));
    EXPECT_EQ(text.find("hidden"), std::string::npos);
}

TEST_F(CredentialsTest, OfARoleAreFetchedLater) {
    write_file("home/.s3backer_passwd", "AK:secret\n");
    const Checked<CommandLine> result = parse({"--accessEC2IAM=my-role", "mybucket", "mnt"});
    ASSERT_EQ(error_of(result), "");
    EXPECT_TRUE(result.messages.empty());
    const Config& config = result.value()->config;
    EXPECT_EQ(config.key_source.source, KeySource::Ec2Role);
    EXPECT_EQ(config.key_source.role, "my-role");
    EXPECT_FALSE(config.key_source.imds_v2);
    EXPECT_EQ(config.s3.access_id, "");
    EXPECT_EQ(config.s3.access_key, "");
}

TEST_F(CredentialsTest, OfARoleMayNeedVersion2) {
    EXPECT_TRUE(mounted({"--accessEC2IAM=r", "--accessEC2IAM-IMDSv2"}).key_source.imds_v2);
    const Checked<CommandLine> alone =
        parse({"--accessEC2IAM-IMDSv2", "--readOnly", "mybucket", "mnt"});
    ASSERT_EQ(alone.messages.size(), 1U);
    EXPECT_TRUE(names(alone.messages[0], {"warning", "`accessEC2IAM-IMDSv2'", "no effect"}));
}

TEST_F(CredentialsTest, OfARoleWithoutANameAreRefused) {
    EXPECT_TRUE(names(refusal({"--accessEC2IAM="}), {"`accessEC2IAM'", "a role is wanted"}));
}

TEST_F(CredentialsTest, OfARoleContradictOthers) {
    environment_.variables["MY_KEY"] = "x";
    write_file("other", "AK:secret\n");
    for (const char* rival : {"accessId=A", "accessKey=x", "accessKeyEnv=MY_KEY"}) {
        const std::string option(rival);
        EXPECT_TRUE(names(refusal({"--accessEC2IAM=r", "--" + option}),
                          {"`accessEC2IAM'", "`" + option.substr(0, option.find('=')) + "'"}));
    }
    EXPECT_TRUE(names(refusal({"--accessEC2IAM=r", "--accessFile=other"}),
                      {"`accessEC2IAM'", "`AK'", "/other"}));
    EXPECT_EQ(mounted({"--accessEC2IAM=r", "--accessId="}).key_source.role, "r");
}

TEST_F(CredentialsTest, OfAProviderAreFetchedLater) {
    write_file("home/.s3backer_passwd", "AK:secret\n");
    environment_.variables["AWS_PROFILE"] = "p";
    environment_.variables["PASSWORD"] = "x";
    const std::pair<const char*, KeySource> providers[] = {
        {"env", KeySource::Environment},
        {"profile", KeySource::Profile},
        {"ecs", KeySource::Container},
        {"web-identity", KeySource::WebIdentity},
    };
    for (const auto& [name, source] : providers) {
        const Checked<CommandLine> result =
            parse({"--accessProvider=" + std::string(name), "mybucket", "mnt"});
        ASSERT_EQ(error_of(result), "");
        EXPECT_TRUE(result.messages.empty());
        const net::KeySourceSettings& settings = result.value()->config.key_source;
        EXPECT_EQ(settings.source, source);
        EXPECT_EQ(settings.variables, (net::Variables{{"AWS_PROFILE", "p"}}));
        EXPECT_EQ(settings.home, root_ + "/home");
        EXPECT_EQ(settings.directory, root_);
        EXPECT_EQ(result.value()->config.s3.access_id, "");
    }
}

TEST_F(CredentialsTest, OfAProviderThatIsNoneAreRefusedNamingThoseThatAre) {
    for (const char* name : {"", "imds", "ENV"}) {
        EXPECT_TRUE(names(refusal({"--accessProvider=" + std::string(name)}),
                          {"`" + std::string(name) + "'", "accessProvider", "env", "profile", "ecs",
                           "web-identity"}));
    }
}

TEST_F(CredentialsTest, OfAProviderContradictOthers) {
    environment_.variables["MY_KEY"] = "x";
    write_file("other", "AK:secret\n");
    for (const char* rival :
         {"accessId=A", "accessKey=x", "accessKeyEnv=MY_KEY", "accessEC2IAM=r"}) {
        const std::string option(rival);
        EXPECT_TRUE(names(refusal({"--accessProvider=env", "--" + option}),
                          {"`accessProvider'", "`" + option.substr(0, option.find('=')) + "'"}));
    }
    EXPECT_TRUE(names(refusal({"--accessProvider=env", "--accessFile=other"}),
                      {"`accessProvider'", "`AK'", "/other"}));
}

TEST_F(CredentialsTest, AreFetchedWithTheSettingsOfTheStore) {
    environment_.variables["AWS_CA_BUNDLE"] = "bundle.pem";
    const std::vector<std::string> options = {"--accessProvider=web-identity", "--region=eu-west-3",
                                              "--initialRetryPause=7", "--maxRetryPause=9",
                                              "--cacert=own.pem"};
    const net::KeySourceSettings with = mounted(options).key_source;
    EXPECT_EQ(with.region, "eu-west-3");
    EXPECT_EQ(with.initial_retry_pause, std::chrono::milliseconds(7));
    EXPECT_EQ(with.max_retry_pause, std::chrono::milliseconds(9));
    EXPECT_EQ(with.user_agent, user_agent());
    EXPECT_EQ(with.ca_file, root_ + "/bundle.pem");
    environment_.variables.clear();
    EXPECT_EQ(mounted(options).key_source.ca_file, root_ + "/own.pem");
}

TEST(EnvironmentTest, OfTheProcessHasItsVariables) {
    ASSERT_EQ(setenv("S3B_TEST_VARIABLE", "a=b", 1), 0);
    const Environment environment = Environment::of_process();
    unsetenv("S3B_TEST_VARIABLE");
    EXPECT_EQ(environment.variables.at("S3B_TEST_VARIABLE"), "a=b");
}

}  // namespace

}  // namespace s3b
