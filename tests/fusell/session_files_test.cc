// SPDX-License-Identifier: Apache-2.0
// Names, attributes, the listing and the statistics, through a real mount.
#include <dirent.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <utime.h>

#include <fstream>

#include "tests/fusell/mounted_test.h"

namespace s3b::fusell {
namespace {

class SessionFilesTest : public MountedTest {
protected:
    struct stat stat_of(const std::string& name) const {
        struct stat s{};
        EXPECT_EQ(outcome(::stat(name.c_str(), &s)), 0) << name;
        return s;
    }
    std::vector<std::pair<std::string, ino_t>> listing() const {
        std::vector<std::pair<std::string, ino_t>> entries;
        DIR* folder = ::opendir(mount_point_.path().c_str());
        if (folder == nullptr) return entries;
        while (const dirent* entry = ::readdir(folder)) {
            entries.emplace_back(entry->d_name, entry->d_ino);
        }
        ::closedir(folder);
        return entries;
    }
};

TEST_F(SessionFilesTest, TheFileHasTheSizeAndModeOfTheVolume) {
    settings_.file_mode = 0640;
    run([&] {
        const struct stat s = stat_of(file());
        EXPECT_EQ(s.st_size, 4 << 20);
        EXPECT_EQ(s.st_blocks, (4 << 20) / 512);
        EXPECT_EQ(s.st_mode, mode_t{S_IFREG | 0640});
        EXPECT_EQ(s.st_ino, 2U);
        EXPECT_EQ(s.st_nlink, 1U);
        EXPECT_EQ(s.st_uid, ::getuid());
        EXPECT_EQ(s.st_gid, ::getgid());
        EXPECT_EQ(s.st_blksize, 4096);
    });
}

TEST_F(SessionFilesTest, TheRootIsADirectory) {
    run([&] {
        const struct stat s = stat_of(mount_point_.path());
        EXPECT_EQ(s.st_mode, mode_t{S_IFDIR | 0755});
        EXPECT_EQ(s.st_ino, 1U);
        EXPECT_EQ(s.st_nlink, 2U);
    });
}

TEST_F(SessionFilesTest, TheListingIsComplete) {
    using Entries = std::vector<std::pair<std::string, ino_t>>;
    run([&] { EXPECT_EQ(listing(), (Entries{{".", 1}, {"..", 1}, {"file", 2}, {"stats", 3}})); });
}

TEST_F(SessionFilesTest, AnEmptyNameHidesTheStatistics) {
    settings_.filename = "disk";
    settings_.stats_filename = "";
    using Entries = std::vector<std::pair<std::string, ino_t>>;
    run([&] {
        EXPECT_EQ(listing(), (Entries{{".", 1}, {"..", 1}, {"disk", 2}}));
        EXPECT_EQ(read_text(stats()), "errno 2");
    });
}

TEST_F(SessionFilesTest, OtherNamesDoNotExistAndTheKernelRemembersThat) {
    run([&] {
        EXPECT_EQ(outcome(::access(path("other").c_str(), F_OK)), ENOENT);
        const uint64_t lookups = count_of(FUSE_LOOKUP);
        EXPECT_EQ(outcome(::access(path("other").c_str(), F_OK)), ENOENT);
        EXPECT_EQ(count_of(FUSE_LOOKUP), lookups);
    });
}

TEST_F(SessionFilesTest, TheKernelRemembersTheAttributesOfTheFile) {
    run([&] {
        stat_of(file());
        const uint64_t lookups = count_of(FUSE_LOOKUP);
        const uint64_t attributes = count_of(FUSE_GETATTR);
        stat_of(file());
        EXPECT_EQ(count_of(FUSE_LOOKUP), lookups);
        EXPECT_EQ(count_of(FUSE_GETATTR), attributes);
    });
}

TEST_F(SessionFilesTest, WritingChangesTheTimeOfModification) {
    run([&] {
        const struct stat before = stat_of(file());
        in_reactor([this] { volume_.failure = Error(Errc::ServerError, ""); });
        const OpenFile f(file(), O_WRONLY);
        EXPECT_NE(outcome(::pwrite(f.number(), "x", 1, 0)), 0);
        EXPECT_EQ(stat_of(file()).st_mtime, before.st_mtime);
        in_reactor([this] { volume_.failure.reset(); });
        EXPECT_EQ(::pwrite(f.number(), "x", 1, 0), 1);
        EXPECT_GE(stat_of(file()).st_mtime, before.st_mtime);
        EXPECT_EQ(stat_of(file()).st_ctime, before.st_ctime);
    });
}

TEST_F(SessionFilesTest, TruncatingSucceedsWithoutEffect) {
    volume_.content[0] = std::byte{'a'};
    run([&] {
        EXPECT_EQ(outcome(::truncate(file().c_str(), 10)), 0);
        const OpenFile f(file(), O_RDWR | O_TRUNC);
        ASSERT_GE(f.number(), 0);
        EXPECT_EQ(outcome(::ftruncate(f.number(), 1 << 30)), 0);
        EXPECT_EQ(stat_of(file()).st_size, 4 << 20);
        char byte = 0;
        EXPECT_EQ(::pread(f.number(), &byte, 1, 0), 1);
        EXPECT_EQ(byte, 'a');
    });
}

TEST_F(SessionFilesTest, ModesOwnersAndTimesCannotBeChanged) {
    run([&] {
        EXPECT_EQ(outcome(::chmod(file().c_str(), 0777)), ENOSYS);
        EXPECT_EQ(outcome(::chown(file().c_str(), 1, 1)), ENOSYS);
        EXPECT_EQ(outcome(::utime(file().c_str(), nullptr)), ENOSYS);
    });
}

TEST_F(SessionFilesTest, NothingCanBeMadeLinkedRenamedOrRemoved) {
    run([&] {
        EXPECT_EQ(OpenFile(path("new"), O_CREAT | O_WRONLY).number(), -1);
        EXPECT_EQ(errno, ENOSYS);
        EXPECT_EQ(OpenFile(file(), O_CREAT | O_EXCL | O_WRONLY).number(), -1);
        EXPECT_EQ(errno, EEXIST);
        EXPECT_EQ(outcome(::mkdir(path("new").c_str(), 0700)), ENOSYS);
        EXPECT_EQ(outcome(::symlink("a", path("new").c_str())), ENOSYS);
        EXPECT_EQ(outcome(::link(file().c_str(), path("new").c_str())), EPERM);
        EXPECT_EQ(outcome(::rename(file().c_str(), path("new").c_str())), ENOSYS);
        EXPECT_EQ(outcome(::unlink(file().c_str())), EOPNOTSUPP);
        EXPECT_EQ(outcome(::unlink(path("other").c_str())), ENOENT);
        EXPECT_EQ(outcome(::rmdir(file().c_str())), ENOTDIR);
        EXPECT_EQ(listing().size(), 4U);
    });
}

TEST_F(SessionFilesTest, ThereAreNoExtendedAttributes) {
    run([&] {
        char value[16];
        EXPECT_EQ(outcome(::getxattr(file().c_str(), "user.x", value, sizeof value)), EOPNOTSUPP);
        EXPECT_EQ(outcome(::setxattr(file().c_str(), "user.x", "1", 1, 0)), EOPNOTSUPP);
        EXPECT_EQ(outcome(::listxattr(file().c_str(), value, sizeof value)), EOPNOTSUPP);
    });
}

TEST_F(SessionFilesTest, TheWholeFileIsDataForTheOneWhoSeeksHoles) {
    run([&] {
        const OpenFile f(file(), O_RDONLY);
        ASSERT_GE(f.number(), 0);
        EXPECT_EQ(::lseek(f.number(), 5, SEEK_DATA), 5);
        EXPECT_EQ(::lseek(f.number(), 5, SEEK_HOLE), 4 << 20);
    });
}

TEST_F(SessionFilesTest, TheFileSystemHasTheGeometryOfTheVolumeAndItsFreeBlocks) {
    volume_.free = 1000;
    run([&] {
        struct statvfs s{};
        ASSERT_EQ(outcome(::statvfs(mount_point_.path().c_str(), &s)), 0);
        EXPECT_EQ(s.f_bsize, FakeVolume::kBlockSize);
        EXPECT_EQ(s.f_frsize, FakeVolume::kBlockSize);
        EXPECT_EQ(s.f_blocks, 1024U);
        EXPECT_EQ(s.f_bfree, 1000U);
        EXPECT_EQ(s.f_bavail, 1000U);
        EXPECT_EQ(s.f_files, 3U);
    });
}

TEST_F(SessionFilesTest, AnOpenStatisticsFileShowsTheMomentOfItsOpening) {
    run([&] {
        const OpenFile f(stats(), O_RDONLY);
        in_reactor([this] { volume_.resets = 5; });
        char text[64] = {};
        EXPECT_EQ(::pread(f.number(), text, sizeof text, 0), 9);
        EXPECT_EQ(std::string(text), "resets 0\n");
        EXPECT_EQ(::pread(f.number(), text, sizeof text, 7), 2);
        EXPECT_EQ(::pread(f.number(), text, sizeof text, 9), 0);
        EXPECT_EQ(read_text(stats()), "resets 5\n");
    });
}

TEST_F(SessionFilesTest, TheSizeOfTheStatisticsIsThatOfTheTextNow) {
    run([&] {
        EXPECT_EQ(stat_of(stats()).st_size, 9);
        in_reactor([this] { volume_.extra = std::string(100, 'x'); });
        EXPECT_EQ(stat_of(stats()).st_size, 109);
        EXPECT_EQ(stat_of(stats()).st_mode, mode_t{S_IFREG | 0444});
    });
}

TEST_F(SessionFilesTest, RemovingTheStatisticsResetsThemAndTheyStay) {
    run([&] {
        EXPECT_EQ(outcome(::unlink(stats().c_str())), 0);
        EXPECT_EQ(read_text(stats()), "resets 1\n");
        const OpenFile open_one(stats(), O_RDONLY);
        EXPECT_EQ(outcome(::unlink(stats().c_str())), 0);
        EXPECT_EQ(read_text(stats()), "resets 2\n");
        EXPECT_EQ(stat_of(stats()).st_nlink, 1U);
        EXPECT_EQ(listing().size(), 4U);
    });
}

TEST_F(SessionFilesTest, TheStatisticsCannotBeWritten) {
    run([&] {
        const OpenFile f(stats(), O_WRONLY);
        if (f.number() < 0) return;  // only root may open it
        EXPECT_EQ(outcome(::pwrite(f.number(), "x", 1, 0)), EINVAL);
        EXPECT_EQ(outcome(::fallocate(f.number(), 0, 0, 1)), EOPNOTSUPP);
    });
}

TEST_F(SessionFilesTest, TheMountShowsItsSourceAndKind) {
    settings_.fsname = "http://host/a,b\\c";
    settings_.options = {"noexec"};
    run([&] {
        std::ifstream mounts("/proc/self/mountinfo");
        std::string line;
        while (std::getline(mounts, line) && line.find(mount_point_.path()) == std::string::npos) {
        }
        EXPECT_NE(line.find(" - fuse.s3backer http://host/a,b\\134c "), std::string::npos) << line;
        EXPECT_NE(line.find("nosuid,nodev,noexec"), std::string::npos) << line;
        EXPECT_NE(line.find("default_permissions,allow_other"), std::string::npos) << line;
    });
}

}  // namespace
}  // namespace s3b::fusell
