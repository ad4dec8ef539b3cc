// SPDX-License-Identifier: Apache-2.0
// The sources that need no network: environment variables, profiles, programs that print keys.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/net/source_fixture.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

TEST(CredentialSourcesTest, FixedKeysNeedNone) {
    Reactor reactor;
    EXPECT_EQ(make_source(reactor.ring(), KeySourceSettings()), nullptr);
}

TEST(CredentialSourcesTest, OnlyRolesOfInstancesAreRefreshedRegularly) {
    EXPECT_EQ(refresh_interval(KeySource::Ec2Role), std::chrono::seconds(300));
    EXPECT_EQ(refresh_interval(KeySource::WebIdentity), Duration{});
}

class EnvironmentSourceTest : public SourceTest {
protected:
    EnvironmentSourceTest() { settings_.source = KeySource::Environment; }
};

TEST_F(EnvironmentSourceTest, TheVariablesOfAllAwsToolsAreRead) {
    settings_.variables["AWS_ACCESS_KEY_ID"] = "AK";
    settings_.variables["AWS_SECRET_ACCESS_KEY"] = "CANARY1";
    EXPECT_EQ(shown(fetch()), "AK CANARY1 ");
    settings_.variables["AWS_SESSION_TOKEN"] = "CANARY2";
    source_.reset();
    EXPECT_EQ(shown(fetch()), "AK CANARY1 CANARY2");
}

TEST_F(EnvironmentSourceTest, AMissingVariableIsInvalid) {
    expect_error(fetch(), Errc::InvalidArgument);
    settings_.variables["AWS_ACCESS_KEY_ID"] = "AK";
    source_.reset();
    expect_error(fetch(), Errc::InvalidArgument);
}

class ProfileSourceTest : public SourceTest {
protected:
    ProfileSourceTest() {
        settings_.source = KeySource::Profile;
        settings_.home = directory_.path();
        settings_.directory = directory_.path();
        std::filesystem::create_directory(directory_.path() + "/.aws");
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_.path() + "/" + name) << text;
    }
    /// A profile whose keys `script` prints.
    void use_program(const std::string& script) {
        write("program", "#!/bin/sh\n" + script);
        ::chmod((directory_.path() + "/program").c_str(), 0700);
        write(".aws/config",
              "[default]\ncredential_process = \"" + directory_.path() + "/program\" a 'b c'\n");
    }

    TemporaryDirectory directory_;
};

TEST_F(ProfileSourceTest, KeysStandInTheCredentialsFile) {
    write(".aws/credentials",
          "[default]\naws_access_key_id=AK\naws_secret_access_key=CANARY1\n"
          "[other]\naws_access_key_id=BK\naws_secret_access_key=CANARY2\n"
          "aws_session_token=CANARY3\n");
    EXPECT_EQ(shown(fetch()), "AK CANARY1 ");
    settings_.variables["AWS_PROFILE"] = "other";
    source_.reset();
    EXPECT_EQ(shown(fetch()), "BK CANARY2 CANARY3");
}

TEST_F(ProfileSourceTest, KeysStandInTheConfigFileToo) {
    write(".aws/config", "[profile p]\naws_access_key_id=AK\naws_secret_access_key=CANARY1\n");
    settings_.variables["AWS_PROFILE"] = "p";
    EXPECT_EQ(shown(fetch()), "AK CANARY1 ");
}

TEST_F(ProfileSourceTest, KeysOfTheCredentialsFileWinOverAProgram) {
    use_program("echo no");
    write(".aws/credentials", "[default]\naws_access_key_id=AK\naws_secret_access_key=CANARY1\n");
    EXPECT_EQ(shown(fetch()), "AK CANARY1 ");
}

TEST_F(ProfileSourceTest, FilesMayBeElsewhere) {
    settings_.variables["AWS_SHARED_CREDENTIALS_FILE"] = "here";
    settings_.variables["AWS_CONFIG_FILE"] = "~/there";
    write("here", "[default]\naws_access_key_id=AK\naws_secret_access_key=CANARY1\n");
    write("there", "[profile p]\naws_access_key_id=BK\naws_secret_access_key=CANARY2\n");
    EXPECT_EQ(shown(fetch()), "AK CANARY1 ");
    settings_.variables["AWS_PROFILE"] = "p";
    source_.reset();
    EXPECT_EQ(shown(fetch()), "BK CANARY2 ");
}

TEST_F(ProfileSourceTest, TheFilesAreReadAnewEachTime) {
    write(".aws/credentials", "[default]\naws_access_key_id=AK\naws_secret_access_key=CANARY1\n");
    expect_ok(fetch());
    write(".aws/credentials", "[default]\naws_access_key_id=BK\naws_secret_access_key=CANARY2\n");
    EXPECT_EQ(shown(fetch()), "BK CANARY2 ");
}

TEST_F(ProfileSourceTest, AProfileWithoutKeysIsAnError) {
    expect_error(fetch(), Errc::InvalidArgument);
    expect_logged("profile=default");
    write(".aws/config", "[default]\nrole_arn=x\n");
    expect_error(fetch(), Errc::Unsupported);
    write(".aws/credentials", "[default]\naws_access_key_id=AK\n");
    expect_error(fetch(), Errc::InvalidArgument);
}

TEST_F(ProfileSourceTest, AMalformedFileIsToldByItsLineNotByItsText) {
    write(".aws/credentials", "[default]\naws_secret_access_key CANARY1\n");
    expect_error(fetch(), Errc::InvalidArgument);
    expect_logged("line=2");
}

TEST_F(ProfileSourceTest, AFileThatCannotBeReadIsAnError) {
    std::filesystem::create_directory(directory_.path() + "/.aws/credentials");
    expect_error(fetch(), Errc::Io);
}

TEST_F(ProfileSourceTest, AProgramPrintsKeys) {
    use_program(
        "printf '{\"Version\":1,\"AccessKeyId\":\"%s-%s\",\"SecretAccessKey\":\"CANARY1\","
        "\"SessionToken\":\"CANARY2\",\"Expiration\":\"2124-01-01T00:00:00Z\"}' "
        "\"$1\" \"${2#b }\"\necho CANARY >&2\n");
    const Result<AccessKeys> keys = fetch();
    EXPECT_EQ(shown(keys), "a-c CANARY1 CANARY2");
    EXPECT_TRUE(keys->expires.has_value());
}

TEST_F(ProfileSourceTest, AProgramThatFailsIsToldWithOneLineOfWhatItSays) {
    use_program("echo CANARY\necho 'please log in' >&2\necho 'CANARY' >&2\nexit 7\n");
    expect_error(fetch(), Errc::Refused);
    expect_logged("please log in");
    expect_logged("status=7");
}

TEST_F(ProfileSourceTest, AProgramThatHangsIsKilled) {
    settings_.process_timeout = std::chrono::milliseconds(50);
    use_program("exec tail -f /dev/null\n");
    expect_error(fetch(), Errc::Timeout);
}

TEST_F(ProfileSourceTest, AProgramThatPrintsTooMuchIsKilled) {
    use_program("exec yes CANARY\n");
    expect_error(fetch(), Errc::NoSpace);
}

TEST_F(ProfileSourceTest, AProgramThatPrintsNonsenseIsABadReply) {
    use_program("echo CANARY\n");
    expect_error(fetch(), Errc::BadReply);
    use_program("echo '{\"Version\":1}'\n");
    expect_error(fetch(), Errc::InvalidArgument);
}

TEST_F(ProfileSourceTest, AProgramThatIsNotThereIsAnError) {
    write(".aws/config", "[default]\ncredential_process = s3b-no-such-program\n");
    expect_error(fetch(), Errc::Io);
    write(".aws/config", "[default]\ncredential_process = 'open\n");
    expect_error(fetch(), Errc::InvalidArgument);
}

}  // namespace
}  // namespace s3b::net
