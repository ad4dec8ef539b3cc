// SPDX-License-Identifier: Apache-2.0
#include "fusell/inodes.h"

#include <gtest/gtest.h>

namespace s3b::fusell {
namespace {

constexpr Geometry kGeometry{ByteCount(65536), BlockCount(uint64_t{1} << 32)};
constexpr time_t kMounted = 1000;
constexpr time_t kNow = 2000;

class InodesTest : public ::testing::Test {
protected:
    Inodes make() const { return Inodes(kGeometry, settings_, options_, Owner{11, 22}, kMounted); }
    std::vector<std::string> names() const {
        std::vector<std::string> list;
        for (const Inodes::Entry& entry : make().entries()) list.push_back(entry.name);
        return list;
    }
    MountSettings settings_;
    MountOptions options_;
};

TEST_F(InodesTest, TheRootIsADirectoryFromTheTimeOfTheMount) {
    const struct stat s = make().attributes(kRootInode, kNow, 0);
    EXPECT_EQ(s.st_ino, 1U);
    EXPECT_EQ(s.st_mode, mode_t{S_IFDIR | 0755});
    EXPECT_EQ(s.st_nlink, 2U);
    EXPECT_EQ(s.st_size, 0);
    EXPECT_EQ(s.st_blocks, 0);
    EXPECT_EQ(s.st_ctim.tv_sec, kMounted);
    EXPECT_EQ(s.st_mtim.tv_sec, kMounted);
    EXPECT_EQ(s.st_atim.tv_sec, kMounted);
}

TEST_F(InodesTest, TheFileHasTheSizeOfTheVolume) {
    const struct stat s = make().attributes(kFileInode, kNow, 0);
    EXPECT_EQ(s.st_ino, 2U);
    EXPECT_EQ(s.st_mode, mode_t{S_IFREG | 0600});
    EXPECT_EQ(s.st_nlink, 1U);
    EXPECT_EQ(s.st_uid, 11U);
    EXPECT_EQ(s.st_gid, 22U);
    EXPECT_EQ(s.st_size, off_t{1} << 48);
    EXPECT_EQ(s.st_blocks, (off_t{1} << 48) / 512);
    EXPECT_EQ(s.st_blksize, 65536);
}

TEST_F(InodesTest, TheTimesOfTheFileAreThoseOfItsLastAccessAndChange) {
    Inodes inodes = make();
    inodes.file_modified(1500);
    inodes.file_accessed(1600);
    const struct stat s = inodes.attributes(kFileInode, kNow, 0);
    EXPECT_EQ(s.st_ctim.tv_sec, kMounted);
    EXPECT_EQ(s.st_mtim.tv_sec, 1500);
    EXPECT_EQ(s.st_atim.tv_sec, 1600);
}

TEST_F(InodesTest, TheStatisticsAreAlwaysOfNow) {
    Inodes inodes = make();
    inodes.stats_accessed(1600);
    const struct stat s = inodes.attributes(kStatsInode, kNow, 123);
    EXPECT_EQ(s.st_ino, 3U);
    EXPECT_EQ(s.st_mode, mode_t{S_IFREG | 0444});
    EXPECT_EQ(s.st_size, 123);
    EXPECT_EQ(s.st_blocks, 0);
    EXPECT_EQ(s.st_mtim.tv_sec, kNow);
    EXPECT_EQ(s.st_atim.tv_sec, 1600);
    EXPECT_EQ(s.st_ctim.tv_sec, kMounted);
}

TEST_F(InodesTest, TheModeOfTheFileHasNoMoreThanPermissions) {
    settings_.file_mode = 0170640;
    EXPECT_EQ(make().attributes(kFileInode, kNow, 0).st_mode, mode_t{S_IFREG | 0640});
}

TEST_F(InodesTest, OptionsOfTheMountChangeOwnerAndModes) {
    options_.uid = 5;
    options_.gid = 6;
    options_.umask = 077;
    const struct stat s = make().attributes(kFileInode, kNow, 0);
    EXPECT_EQ(s.st_uid, 5U);
    EXPECT_EQ(s.st_gid, 6U);
    EXPECT_EQ(s.st_mode, mode_t{S_IFREG | 0700});
}

TEST_F(InodesTest, TheListingIsInTheOrderOfTheInodes) {
    EXPECT_EQ(names(), (std::vector<std::string>{".", "..", "file", "stats"}));
}

TEST_F(InodesTest, AnEmptyNameHidesTheStatistics) {
    settings_.stats_filename = "";
    EXPECT_EQ(names(), (std::vector<std::string>{".", "..", "file"}));
    EXPECT_FALSE(make().find("").has_value());
    EXPECT_FALSE(make().find("stats").has_value());
}

TEST_F(InodesTest, TheFileWinsIfBothHaveOneName) {
    settings_.stats_filename = "file";
    EXPECT_EQ(names(), (std::vector<std::string>{".", "..", "file"}));
    EXPECT_EQ(make().find("file"), kFileInode);
}

TEST_F(InodesTest, AnOpenStatisticsFileKeepsItsText) {
    Inodes inodes = make();
    const uint64_t first = inodes.open_stats("one").value();
    const uint64_t second = inodes.open_stats("two").value();
    inodes.close_stats(first);
    EXPECT_EQ(inodes.stats_of(first), nullptr);
    ASSERT_NE(inodes.stats_of(second), nullptr);
    EXPECT_EQ(*inodes.stats_of(second), "two");
}

TEST_F(InodesTest, OpenStatisticsFilesAreLimited) {
    Inodes inodes = make();
    for (size_t i = 1; i < Inodes::kMaxOpenStats; ++i) ASSERT_TRUE(inodes.open_stats("text"));
    const uint64_t last = inodes.open_stats("text").value();
    ASSERT_FALSE(inodes.open_stats("one too many").has_value());
    inodes.close_stats(last);
    EXPECT_TRUE(inodes.open_stats("text").has_value());
}

}  // namespace
}  // namespace s3b::fusell
