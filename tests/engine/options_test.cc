// SPDX-License-Identifier: Apache-2.0
// The syntax: how options are written, and what becomes of them.
#include "engine/options.h"

#include <random>

#include "engine/option_table.h"
#include "engine/read_windows.h"
#include "tests/engine/command_line.h"

namespace s3b {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Action = CommandLine::Action;

class OptionsTest : public CommandLineTest {
protected:
    Action action(std::vector<std::string> words) const {
        const Checked<CommandLine> result = parse(std::move(words));
        EXPECT_EQ(error_of(result), "");
        return result.value() != nullptr ? result.value()->action : Action::Mount;
    }
};

TEST_F(OptionsTest, HaveTheDefaultsOfS3backer) {
    const Config config = mounted({});
    EXPECT_FALSE(config.test);
    EXPECT_TRUE(config.auto_detect);
    EXPECT_FALSE(config.foreground);
    EXPECT_EQ(config.s3.base_url, "http://s3.amazonaws.com/");
    EXPECT_EQ(config.s3.bucket, "mybucket");
    EXPECT_EQ(config.s3.region, "us-east-1");
    EXPECT_EQ(config.s3.access_type, "private");
    EXPECT_EQ(config.s3.timeout, seconds(30));
    EXPECT_EQ(config.s3.initial_retry_pause, milliseconds(200));
    EXPECT_EQ(config.s3.max_retry_pause, seconds(30));
    EXPECT_EQ(config.s3.user_agent, user_agent());
    EXPECT_EQ(config.mount.mount_point, root_ + "/mnt");
    EXPECT_EQ(config.mount.file_mode, 0600U);
}

// The help text says what the defaults are; a number there must be the one that is used.
TEST_F(OptionsTest, HaveTheDefaultsThatTheirHelpSays) {
    std::vector<std::string> words;
    for (const OptionRow& row : option_table()) {
        const bool number =
            row.placeholder == "NUM" || row.placeholder == "MS" || row.placeholder == "SECONDS";
        if (number)
            words.push_back("--" + std::string(row.name) + "=" + std::string(row.default_text));
    }
    ASSERT_EQ(words.size(), 18U);
    const Config help = mounted(words);
    const Config used;
    EXPECT_EQ(help.consistency.on, used.consistency.on);
    EXPECT_EQ(help.s3.timeout, used.s3.timeout);
    EXPECT_EQ(help.remount_timeout, used.remount_timeout);
    EXPECT_EQ(help.shutdown_timeout, used.shutdown_timeout);
    EXPECT_EQ(help.stats_mirror_interval, used.stats_mirror_interval);
    EXPECT_EQ(help.s3.initial_retry_pause, used.s3.initial_retry_pause);
    EXPECT_EQ(help.s3.max_retry_pause, used.s3.max_retry_pause);
    EXPECT_EQ(help.list_threads, used.list_threads);
    EXPECT_EQ(help.cache.size, used.cache.size);
    EXPECT_EQ(help.cache.threads, used.cache.threads);
    EXPECT_EQ(help.cache.timeout, used.cache.timeout);
    EXPECT_EQ(help.cache.write_delay, used.cache.write_delay);
    EXPECT_EQ(help.cache.max_dirty, used.cache.max_dirty);
    EXPECT_EQ(help.cache.protected_blocks, used.cache.protected_blocks);
    EXPECT_EQ(help.cache.read_ahead, ReadWindows::kFirst);
    EXPECT_EQ(used.cache.read_ahead, std::nullopt);  // it adapts
    EXPECT_EQ(help.cache.read_ahead_trigger, used.cache.read_ahead_trigger);
}

TEST_F(OptionsTest, EraseAndResetTakeOneArgumentAndEraseWins) {
    EXPECT_EQ(action({"--erase", "mybucket"}), Action::Erase);
    EXPECT_EQ(action({"-o", "reset-mounted-flag", "mybucket"}), Action::Reset);
    EXPECT_EQ(action({"--reset-mounted-flag", "mybucket", "--erase"}), Action::Erase);
    EXPECT_EQ(action({"--erase", "--help"}), Action::Help);
    EXPECT_EQ(refusal({"--erase"}), "no mount point may be given with `erase', but `mnt' is");
    EXPECT_EQ(refusal({"--reset-mounted-flag"}),
              "no mount point may be given with `reset-mounted-flag', but `mnt' is");
    EXPECT_EQ(error_of(parse({"--erase"})), "no bucket is given");
}

TEST_F(OptionsTest, SetTheService) {
    const Config config =
        mounted({"--accessId=AK", "--accessKey=secret", "--accessType=public-read",
                 "--authVersion=aws4", "--cacert=ca.pem", "--insecure", "--timeout=0",
                 "--initialRetryPause=1", "--maxRetryPause=2", "--prefix=p/"});
    EXPECT_EQ(config.s3.access_id, "AK");
    EXPECT_EQ(config.s3.access_key, "secret");
    EXPECT_EQ(config.s3.access_type, "public-read");
    EXPECT_EQ(config.s3.ca_file, root_ + "/ca.pem");
    EXPECT_TRUE(config.s3.insecure);
    EXPECT_EQ(config.s3.timeout, Duration::zero());
    EXPECT_EQ(config.s3.initial_retry_pause, milliseconds(1));
    EXPECT_EQ(config.s3.max_retry_pause, milliseconds(2));
    EXPECT_EQ(config.prefix, "p/");
}

TEST_F(OptionsTest, SetTheFileSystemAndTheOperation) {
    const Config config = mounted({"--filename=data", "--statsFilename=", "--fileMode=0640",
                                   "--readOnly", "--directIO", "--force", "--debug",
                                   "--noAutoDetect", "--size=1m", "--blockSize=8k"});
    EXPECT_EQ(config.mount.filename, "data");
    EXPECT_EQ(config.mount.stats_filename, "");
    EXPECT_EQ(config.mount.file_mode, 0640U);
    EXPECT_TRUE(config.mount.read_only);
    EXPECT_TRUE(config.mount.direct_io);
    EXPECT_TRUE(config.force);
    EXPECT_TRUE(config.debug);
    EXPECT_TRUE(config.quiet);
    EXPECT_FALSE(config.auto_detect);
    EXPECT_EQ(config.size, ByteCount(1 << 20));
    EXPECT_EQ(config.block_size, ByteCount(8192));
}

TEST_F(OptionsTest, AreEquallyGivenInLists) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"--blockCacheSize=5", "--readAhead=6", "--force"},
             {"-o", "blockCacheSize=5,readAhead=6,force"},
             {"-oblockCacheSize=5,readAhead=6,force"},
             {"-o", "blockCacheSize=5", "-o", "readAhead=6", "-oforce"},
             {"-o", "--blockCacheSize=5,--readAhead=6,--force"},
             {"-o", ",blockCacheSize=5,,readAhead=6,force,"}}) {
        const Config config = mounted(words);
        EXPECT_EQ(config.cache.size, 5U) << words[0];
        EXPECT_EQ(config.cache.read_ahead, 6U) << words[0];
        EXPECT_TRUE(config.force) << words[0];
    }
}

TEST_F(OptionsTest, OfListsAreQuotedWithBackslashes) {
    EXPECT_EQ(mounted({"-o", R"(prefix=a\,b\\c\d,force)"}).prefix, R"(a,b\cd)");
    EXPECT_EQ(mounted({"-o", R"(prefix=\101\0543x\8)"}).prefix, "A,3x8");
    EXPECT_EQ(mounted({"-o", R"(prefix=\477\12)"}).prefix, "47712");
    EXPECT_EQ(mounted({"-o", R"(prefix=x\)"}).prefix, R"(x\)");
}

TEST_F(OptionsTest, OutsideOfListsAreNotQuoted) {
    EXPECT_EQ(mounted({R"(--prefix=a\,b,force)"}).prefix, R"(a\,b,force)");
}

TEST_F(OptionsTest, WithAZeroByteAreRefused) {
    EXPECT_TRUE(names(refusal({"-o", R"(prefix=a\000b)"}), {"`prefix'", "zero byte"}));
}

TEST_F(OptionsTest, GivenLaterWin) {
    const Config config =
        mounted({"--readAhead=1", "-o", "readAhead=2,vhost", "--readAhead=3", "--no-vhost"});
    EXPECT_EQ(config.cache.read_ahead, 3U);
    EXPECT_FALSE(config.s3.vhost);
    EXPECT_TRUE(mounted({"--no-vhost", "--vhost"}).s3.vhost);
}

TEST_F(OptionsTest, MayStandAnywhereAmongTheArguments) {
    const Checked<CommandLine> result =
        parse({"--readOnly", "mybucket", "--readAhead=1", "mnt", "-o", "force"});
    ASSERT_EQ(error_of(result), "");
    EXPECT_EQ(result.value()->config.s3.bucket, "mybucket");
    EXPECT_EQ(result.value()->config.mount.mount_point, root_ + "/mnt");
    EXPECT_TRUE(result.value()->config.force);
}

TEST_F(OptionsTest, EndAtTwoDashes) {
    const Checked<CommandLine> result = parse({"--readOnly", "--", "--odd", "mnt"});
    ASSERT_EQ(error_of(result), "");
    EXPECT_EQ(result.value()->config.s3.bucket, "--odd");
}

TEST_F(OptionsTest, ThatAreUnknownAreRefusedByName) {
    for (const char* word : {"--x", "-z", "-fs", "-", "-V", "--Size=1m", "--QUIET", "--siz=1m",
                             "--allow_other", "--=", "-ox", "-o-f", "-oDebug"}) {
        const std::string text = refusal({word});
        EXPECT_TRUE(names(text, {"unknown option"})) << word;
    }
    EXPECT_EQ(refusal({"--acessKey=secret"}),
              "unknown option `--acessKey', did you mean `accessKey'?");
    EXPECT_EQ(refusal({"-o", "defaults"}), "unknown option `defaults'");
}

TEST_F(OptionsTest, ThatAreUnknownAreAllNamedAtOnce) {
    EXPECT_EQ(refusal({"--x", "-o", "y=1,force"}), "unknown option `--x'\nunknown option `y'");
}

TEST_F(OptionsTest, OfNbdAreRefusedWithWhatToUseInstead) {
    for (const char* name : {"nbd", "nbd-flag=f", "nbd-param=x=y"}) {
        const std::string option(name);
        const std::string about = "option `" + option.substr(0, option.find('=')) + "'";
        EXPECT_TRUE(names(refusal({"--" + option}), {about, "not offered", "losetup"}));
        EXPECT_TRUE(names(refusal({"-o", option}), {about, "not offered", "losetup"}));
    }
}

TEST_F(OptionsTest, ToWaitNeedOnlyTheMountPoint) {
    const Checked<CommandLine> result = parse({"--wait-unmounted", "mnt"});
    ASSERT_EQ(error_of(result), "");
    EXPECT_EQ(result.value()->action, Action::WaitUnmounted);
    EXPECT_EQ(result.value()->config.mount.mount_point, root_ + "/mnt");
    EXPECT_EQ(parse({"--wait-unmounted", "gone"}).value()->config.mount.mount_point,
              root_ + "/gone");
    EXPECT_TRUE(names(error_of(parse({"--wait-unmounted"})), {"`wait-unmounted'", "mount point"}));
    EXPECT_TRUE(names(error_of(parse({"--wait-unmounted", "a", "b"})), {"nothing else"}));
}

TEST_F(OptionsTest, OfTheTableAreNotCountedAsMissing) {
    for (const OptionRow& row : option_table()) EXPECT_EQ(what_instead_of(row.name), "");
}

TEST_F(OptionsTest, WithoutAValueRefuseOne) {
    EXPECT_TRUE(names(refusal({"--quiet=1"}), {"`quiet'", "takes no value", "`1'"}));
    EXPECT_TRUE(names(refusal({"-o", "force="}), {"`force'", "takes no value"}));
}

TEST_F(OptionsTest, WithAValueMustHaveIt) {
    EXPECT_TRUE(names(refusal({"--blockCacheSize"}), {"`blockCacheSize' needs a value"}));
    EXPECT_TRUE(names(refusal({"--size", "1m"}), {"`size' needs a value", "size=SIZE"}));
    EXPECT_TRUE(names(refusal({"-o", "timeout"}), {"`timeout' needs a value"}));
}

TEST_F(OptionsTest, WithWrongNumbersAreRefusedByNameAndValue) {
    EXPECT_TRUE(names(refusal({"--blockCacheSize=abc"}), {"`blockCacheSize'", "`abc'"}));
    EXPECT_TRUE(names(refusal({"--blockCacheSize="}), {"`blockCacheSize'", "`'"}));
    EXPECT_TRUE(names(refusal({"--timeout=2m"}), {"`timeout'", "`2m'", "`m' is left over"}));
    EXPECT_TRUE(names(refusal({"--blockCacheSize=-1"}), {"`blockCacheSize'", "`-1'", "minus"}));
    EXPECT_TRUE(names(refusal({"--readAhead=4294967296"}), {"`readAhead'", "4294967295"}));
    EXPECT_TRUE(names(refusal({"--fileMode=999"}), {"`fileMode'", "`999'", "octal"}));
    EXPECT_TRUE(names(refusal({"--fileMode=0o644"}), {"`fileMode'", "`0o644'"}));
}

TEST_F(OptionsTest, NeedAListAfterTheDashO) {
    EXPECT_TRUE(names(error_of(parse({"mybucket", "mnt", "-o"})), {"`-o'"}));
}

TEST_F(OptionsTest, HaveFlagsOfOneLetter) {
    EXPECT_TRUE(mounted({"-f", "-s"}).foreground);
    const Config debugged = mounted({"-d"});
    EXPECT_TRUE(debugged.foreground && debugged.debug && debugged.mount.fuse_debug);
    const Config logged = mounted({"-o", "debug"});
    EXPECT_TRUE(logged.debug);
    EXPECT_FALSE(logged.foreground || logged.mount.fuse_debug);
    EXPECT_EQ(mounted({"-r", "-n"}).mount.options, std::vector<std::string>{"ro"});
}

TEST_F(OptionsTest, AskForHelpAndVersion) {
    for (const char* word : {"-h", "-?", "--help"}) EXPECT_EQ(action({word}), Action::Help);
    for (const char* word : {"-v", "--version"}) EXPECT_EQ(action({word}), Action::Version);
    EXPECT_EQ(action({"mybucket", "--unknown", "-h", "-v"}), Action::Help);
}

TEST_F(OptionsTest, AskForHelpUnlessAMalformedValueStandsBeforeIt) {
    EXPECT_TRUE(names(error_of(parse({"--blockCacheSize=abc", "-h"})), {"`blockCacheSize'"}));
    EXPECT_EQ(action({"-h", "--blockCacheSize=abc"}), Action::Help);
}

TEST_F(OptionsTest, AreEachShownInTheHelpTextOnce) {
    const std::string help = help_text();
    for (const OptionRow& row : option_table()) {
        const char* const value = row.needs_value() ? "=" : row.takes_value() ? "[=" : " ";
        const std::string entry = "\n  --" + std::string(row.name) + value;
        const size_t first = help.find(entry);
        ASSERT_NE(first, std::string::npos) << entry;
        EXPECT_EQ(help.find(entry, first + 1), std::string::npos) << entry;
    }
}

TEST(HelpTest, FitsIn100Columns) {
    std::istringstream help(help_text());
    for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(VersionTest, BeginsWithTheLineThatScriptsRead) {
    EXPECT_TRUE(version_text().starts_with("s3backer version " + user_agent().substr(9) + "\n"));
    EXPECT_TRUE(user_agent().starts_with("s3backer/"));
}

TEST(WipeTest, CoversSecretsWhereverTheyStand) {
    const Argv argv({"--accessKey=secret", "-o", R"(force,accessKey=se\,cret,quiet)",
                     "-oaccessKey=secret", "-o", "--accessKey=secret", "bucket", "--",
                     "--accessKey=positional"});
    wipe_secrets(argv.span());
    EXPECT_EQ(argv[1], "--accessKey=******");
    EXPECT_EQ(argv[3], "force,accessKey=********,quiet");
    EXPECT_EQ(argv[4], "-oaccessKey=******");
    EXPECT_EQ(argv[6], "--accessKey=******");
    EXPECT_EQ(argv[9], "--accessKey=positional");
}

TEST(WipeTest, CoversASecretWhoseNameIsQuoted) {
    const Argv argv({"-o", R"(access\Key=secret,ro)", R"(-oaccess\113ey\075secret)"});
    wipe_secrets(argv.span());
    EXPECT_EQ(argv[2].find("secret"), std::string::npos);
    EXPECT_TRUE(argv[2].ends_with(",ro"));
    EXPECT_EQ(argv[3].find("secret"), std::string::npos);
}

TEST(WipeTest, LeavesEverythingElse) {
    const std::vector<std::string> words = {"--accessId=AK",  "--accessKey", "-o",  "accessKey,ro",
                                            "--accessKeys=x", "b",           "mnt", "-o"};
    const Argv argv(words);
    wipe_secrets(argv.span());
    for (size_t i = 0; i < words.size(); ++i) EXPECT_EQ(argv[i + 1], words[i]);
}

TEST_F(OptionsTest, OfAnyKindDoNotCrashTheParser) {
    static constexpr int kLines = 20000;
    static constexpr unsigned kSeed = 20240607;
    const std::vector<std::string> pieces = {"--",
                                             "-",
                                             "-o",
                                             "=",
                                             ",",
                                             "\\",
                                             "\\0",
                                             "size",
                                             "blockSize",
                                             "accessKey",
                                             "prefix",
                                             "1",
                                             "9999999999999999999",
                                             "k",
                                             "-1",
                                             "mnt",
                                             "blocks",
                                             "test",
                                             "bucket",
                                             "/",
                                             "//",
                                             "..",
                                             "region",
                                             "baseURL",
                                             "http://",
                                             "vhost",
                                             "fileMode",
                                             "-f",
                                             "-d",
                                             "uid",
                                             "umask",
                                             "\xff",
                                             "\n",
                                             "accessFile",
                                             "compress",
                                             "encrypt",
                                             "password",
                                             "filename",
                                             "fsname",
                                             "blockCacheThreads",
                                             "0",
                                             " ",
                                             "attr_timeout"};
    std::mt19937 random(kSeed);
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    int parsed = 0;
    for (int line = 0; line < kLines; ++line) {
        std::vector<std::string> words(random() % 6);
        for (std::string& word : words) {
            for (auto left = random() % 5; left > 0; --left) {
                word += pieces[random() % pieces.size()];
            }
        }
        const Argv argv(words);
        const Checked<CommandLine> result = parse_command_line(argv.span(), environment_);
        const bool whole = result.value() != nullptr || !error_of(result).empty();
        ASSERT_TRUE(whole) << ::testing::PrintToString(words);
        wipe_secrets(argv.span());
        ++parsed;
    }
    EXPECT_EQ(parsed, kLines);
}

TEST(EmptyArgvTest, IsAnErrorLikeAnyOther) {
    EXPECT_NE(parse_command_line({}, Environment()).error(), nullptr);
    wipe_secrets({});
}

}  // namespace

}  // namespace s3b
