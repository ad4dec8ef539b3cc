// SPDX-License-Identifier: Apache-2.0
#include "engine/option_fuse.h"

#include <set>

#include "fusell/mount_options.h"
#include "tests/engine/command_line.h"

namespace s3b {

namespace {

using Strings = std::vector<std::string>;

class FuseOptionsTest : public CommandLineTest {
protected:
    /// The messages of `list` given with -o.
    Strings messages(const std::string& list) const {
        const Checked<CommandLine> result = parse({"--readOnly", "-o", list, "mybucket", "mnt"});
        EXPECT_EQ(error_of(result), "");
        return result.messages;
    }
};

TEST_F(FuseOptionsTest, OfTheMountAreHandedOnInTheirOrder) {
    EXPECT_EQ(mounted({"-o", "rw,allow_other,noexec", "-odev,suid"}).mount.options,
              (Strings{"rw", "allow_other", "noexec", "dev", "suid"}));
}

TEST_F(FuseOptionsTest, WithValuesAreHandedOnQuoted) {
    EXPECT_EQ(mounted({"-o", R"(subtype=a\,b,uid=7,umask=077,attr_timeout=0.5)"}).mount.options,
              (Strings{R"(subtype=a\,b)", "uid=7", "umask=077", "attr_timeout=0.5"}));
}

TEST_F(FuseOptionsTest, ThatAreAlwaysSoAreTakenSilently) {
    const std::string list =
        "big_writes,use_ino,hard_remove,intr,intr_signal=10,kernel_cache,large_read,"
        "no_splice_read,remember=5";
    EXPECT_TRUE(mounted({"-o", list}).mount.options.empty());
    EXPECT_TRUE(messages(list).empty());
}

TEST_F(FuseOptionsTest, WithoutEffectAreWarnedAbout) {
    const Strings warnings = messages("auto_cache,fmask=022");
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_TRUE(names(warnings[0], {"warning", "`auto_cache'", "no effect"}));
    EXPECT_TRUE(names(warnings[1], {"warning", "`fmask=022'", "no effect"}));
}

TEST_F(FuseOptionsTest, ThatChangeTheFileAreRefused) {
    EXPECT_TRUE(names(refusal({"-o", "modules=iconv"}), {"`modules=iconv'", "not offered"}));
}

TEST_F(FuseOptionsTest, HaveADirectIoOfTheirOwn) {
    EXPECT_TRUE(mounted({"-o", "direct_io"}).mount.direct_io);
}

TEST_F(FuseOptionsTest, WithWrongValuesAreRefused) {
    for (const char* item : {"uid=me", "uid=", "uid=-1", "gid=1x", "uid=4294967296", "umask=999",
                             "umask=10000", "attr_timeout=", "attr_timeout=soon", "max_read=1m",
                             "entry_timeout=-1", "attr_timeout=inf", "attr_timeout=1e999"}) {
        EXPECT_TRUE(names(refusal({"-o", item}), {"`" + std::string(item) + "'"}));
    }
}

TEST_F(FuseOptionsTest, NeedTheirValueAndNoOther) {
    for (const char* item : {"uid", "allow_other=1", "fsname", "ro="}) {
        EXPECT_TRUE(names(refusal({"-o", item}), {"unknown option"})) << item;
    }
}

TEST_F(FuseOptionsTest, HaveEachOneRow) {
    std::set<std::string_view> names_seen;
    for (const FuseRow& row : fuse_table()) {
        EXPECT_TRUE(names_seen.insert(row.name).second) << row.name;
    }
}

TEST_F(FuseOptionsTest, ThatAreHandedOnAreReadByTheMount) {
    for (const FuseRow& row : fuse_table()) {
        if (row.fate != FuseRow::Fate::PassOn) continue;
        fusell::MountSettings settings;
        settings.options.emplace_back(row.name);
        if (row.value != FuseRow::Value::None) settings.options[0] += "=7";
        EXPECT_TRUE(fusell::assemble(settings).has_value()) << settings.options[0];
    }
}

}  // namespace

}  // namespace s3b
