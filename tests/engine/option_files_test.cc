// SPDX-License-Identifier: Apache-2.0
// Arguments that stand in files.
#include "tests/engine/command_line.h"

namespace s3b {
namespace {

class OptionFilesTest : public CommandLineTest {};

TEST_F(OptionFilesTest, StandInTheirPlace) {
    write_file("conf",
               "# comment\n\n  --blockCacheSize=5  \n--filename=my file\n-o\nforce,readOnly\n");
    for (const std::vector<std::string>& form : {std::vector<std::string>{"--configFile=conf"},
                                                 {"-F", "conf"},
                                                 {"-o", "configFile=" + root_ + "/conf"},
                                                 {"-oconfigFile=conf"}}) {
        const Config config = mounted(form);
        EXPECT_EQ(config.cache.size, 5U) << form[0];
        EXPECT_EQ(config.mount.filename, "my file");
        EXPECT_TRUE(config.force && config.mount.read_only);
    }
}

TEST_F(OptionFilesTest, AreOverriddenByWhatComesLater) {
    write_file("conf", "--blockCacheSize=5\n");
    EXPECT_EQ(mounted({"--blockCacheSize=6", "--configFile=conf"}).cache.size, 5U);
    EXPECT_EQ(mounted({"--configFile=conf", "--blockCacheSize=6"}).cache.size, 6U);
    // In a list by all the rest of it.
    EXPECT_EQ(mounted({"-o", "blockCacheSize=6,configFile=conf,force"}).cache.size, 6U);
}

TEST_F(OptionFilesTest, MayHoldThePositionalArgumentsAndNameOtherFiles) {
    write_file("inner", "mybucket\nmnt\n");
    write_file("conf", "--configFile=inner\n--quiet\n--accessId=\n");
    const Checked<CommandLine> result = parse({"--configFile=conf"});
    EXPECT_EQ(error_of(result), "");
    ASSERT_NE(result.value(), nullptr);
    EXPECT_EQ(result.value()->config.s3.bucket, "mybucket");
}

TEST_F(OptionFilesTest, ThatCannotBeReadAreNamedWithTheReason) {
    EXPECT_TRUE(names(refusal({"--configFile=absent"}), {"`configFile=absent'", "No such file"}));
    EXPECT_TRUE(names(refusal({"-F", "mnt"}), {"`configFile=mnt'", "directory"}));
    write_file("large", std::string((1 << 20) + 1, 'x'));
    EXPECT_TRUE(names(refusal({"-F", "large"}), {"`configFile=large'", "too large"}));
    write_file("endless", "--configFile=endless\n");
    EXPECT_TRUE(names(refusal({"-F", "endless"}), {"`configFile=endless'", "100", "each other"}));
}

TEST_F(OptionFilesTest, ABadLineIsAnErrorLikeAnyOther) {
    write_file("conf", "--blockCacheSize=x\n");
    EXPECT_TRUE(names(refusal({"-F", "conf"}), {"`x'", "`blockCacheSize'"}));
}

TEST_F(OptionFilesTest, WhatIsUnknownIsNamedWithTheNearestOption) {
    EXPECT_EQ(refusal({"--blockCachSize=5"}),
              "unknown option `--blockCachSize', did you mean `blockCacheSize'?");
    EXPECT_EQ(refusal({"-o", "szie=5"}), "unknown option `szie', did you mean `size'?");
    EXPECT_EQ(refusal({"--readonly"}), "unknown option `--readonly', did you mean `readOnly'?");
    EXPECT_EQ(refusal({"--something-else"}), "unknown option `--something-else'");
}

}  // namespace
}  // namespace s3b
