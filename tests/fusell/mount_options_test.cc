// SPDX-License-Identifier: Apache-2.0
#include "fusell/mount_options.h"

#include <gtest/gtest.h>

namespace s3b::fusell {
namespace {

constexpr const char* kDefaults = "allow_other,default_permissions,nodev,nosuid,subtype=s3backer";

MountOptions assembled(std::vector<std::string> options) {
    MountSettings settings;
    settings.options = std::move(options);
    return assemble(settings).value();
}

TEST(MountOptionsTest, TheDefaultsAreThoseOfFuse3) {
    const MountOptions options = assembled({});
    EXPECT_EQ(options.for_libfuse, kDefaults);
    EXPECT_EQ(options.entry_timeout, 31536000);
    EXPECT_EQ(options.negative_timeout, 31536000);
    EXPECT_EQ(options.attr_timeout, 31536000);
    EXPECT_FALSE(options.nonempty);
}

TEST(MountOptionsTest, TheSourceIsEscaped) {
    MountSettings settings;
    settings.fsname = "http://host/a,b\\c/";
    EXPECT_EQ(assemble(settings).value().for_libfuse,
              std::string(kDefaults) + ",fsname=http://host/a\\,b\\\\c/");
}

TEST(MountOptionsTest, WhatTheUserGivesComesLast) {
    EXPECT_EQ(assembled({"suid", "subtype=other"}).for_libfuse,
              std::string(kDefaults) + ",suid,subtype=other");
}

TEST(MountOptionsTest, AnOptionMayBeAListWithEscapedCommas) {
    const MountOptions options = assembled({"ro,fsname=a\\,nonempty,uid=7"});
    EXPECT_EQ(options.for_libfuse, std::string(kDefaults) + ",ro,fsname=a\\,nonempty");
    EXPECT_EQ(options.uid, 7U);
    EXPECT_FALSE(options.nonempty);
}

TEST(MountOptionsTest, EmptyPartsAndATrailingBackslashAreHarmless) {
    EXPECT_EQ(assembled({"", ",,ro,", "fsname=a\\"}).for_libfuse,
              std::string(kDefaults) + ",ro,fsname=a\\");
}

TEST(MountOptionsTest, OptionsOfFuse2AreAcceptedWithoutEffect) {
    EXPECT_EQ(assembled({"big_writes", "use_ino", "intr_signal=10", "kernel_cache", "async_read"})
                  .for_libfuse,
              kDefaults);
}

TEST(MountOptionsTest, OurOwnAreNotHandedOn) {
    const MountOptions options = assembled({"nonempty,direct_io,sync_read,entry_timeout=1.5",
                                            "negative_timeout=2,attr_timeout=0", "umask=027",
                                            "gid=9,max_write=65536,max_readahead=0",
                                            "max_background=7,congestion_threshold=5"});
    EXPECT_EQ(options.for_libfuse, kDefaults);
    EXPECT_TRUE(options.nonempty);
    EXPECT_TRUE(options.direct_io);
    EXPECT_TRUE(options.sync_read);
    EXPECT_EQ(options.entry_timeout, 1.5);
    EXPECT_EQ(options.negative_timeout, 2);
    EXPECT_EQ(options.attr_timeout, 0);
    EXPECT_EQ(options.umask, mode_t{027});
    EXPECT_EQ(options.gid, gid_t{9});
    EXPECT_EQ(options.max_write, 65536U);
    EXPECT_EQ(options.max_readahead, 0U);
    EXPECT_EQ(options.max_background, 7U);
    EXPECT_EQ(options.congestion_threshold, 5U);
}

TEST(MountOptionsTest, TheLaterOneWins) {
    EXPECT_EQ(assembled({"attr_timeout=5", "attr_timeout=7"}).attr_timeout, 7);
    EXPECT_FALSE(assembled({"sync_read", "async_read"}).sync_read);
}

TEST(MountOptionsTest, TheLimitOfReadsIsForTheKernelAndForUs) {
    const MountOptions options = assembled({"max_read=131072"});
    EXPECT_EQ(options.max_read, 131072U);
    EXPECT_EQ(options.for_libfuse, std::string(kDefaults) + ",max_read=131072");
}

TEST(MountOptionsTest, AValueThatIsNoNumberIsRefused) {
    for (const char* option : {"uid=abc", "attr_timeout=1x", "umask=9", "max_read=", "gid",
                               "max_write=-1", "entry_timeout=-1", "attr_timeout=nan"}) {
        MountSettings settings;
        settings.options = {option};
        const Result<MountOptions> result = assemble(settings);
        ASSERT_FALSE(result.has_value()) << option;
        EXPECT_EQ(result.error().code, Errc::InvalidArgument);
    }
}

TEST(MountOptionsTest, DebuggingIsLeftToLibfuse) {
    MountSettings settings;
    settings.fuse_debug = true;
    EXPECT_EQ(assemble(settings).value().for_libfuse, std::string(kDefaults) + ",debug");
}

}  // namespace
}  // namespace s3b::fusell
