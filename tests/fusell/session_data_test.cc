// SPDX-License-Identifier: Apache-2.0
// Reading, writing and syncing through a real mount.
#include "tests/fusell/mounted_test.h"

namespace s3b::fusell {
namespace {

class SessionDataTest : public MountedTest {
protected:
    uint64_t end() const { return volume_.geometry().volume_size().value; }
    bool content_is(size_t offset, std::span<const std::byte> expected) const {
        return std::ranges::equal(std::span(volume_.content).subspan(offset, expected.size()),
                                  expected);
    }
};

TEST_F(SessionDataTest, ReadsWhatTheVolumeHoldsAtOddOffsets) {
    volume_.content = pattern(end(), 1);
    std::vector<std::byte> got(9001);
    run([&] {
        const OpenFile f(file(), O_RDONLY);
        EXPECT_EQ(::pread(f.number(), got.data(), got.size(), 4095), 9001);
    });
    EXPECT_TRUE(content_is(4095, got));
}

TEST_F(SessionDataTest, WritesReachTheVolumeAtOddOffsets) {
    const auto bytes = pattern(9001, 2);
    run([&] {
        const OpenFile f(file(), O_WRONLY);
        EXPECT_EQ(::pwrite(f.number(), bytes.data(), bytes.size(), 12345), 9001);
    });
    EXPECT_TRUE(content_is(12345, bytes));
    EXPECT_EQ(volume_.content[12344], std::byte{0});
    EXPECT_EQ(volume_.content[12345 + 9001], std::byte{0});
}

TEST_F(SessionDataTest, AReadAcrossTheEndIsCutAndAtTheEndEmpty) {
    run([&] {
        std::vector<std::byte> got(10);
        const OpenFile f(file(), O_RDONLY);
        EXPECT_EQ(::pread(f.number(), got.data(), 10, static_cast<off_t>(end() - 4)), 4);
        EXPECT_EQ(::pread(f.number(), got.data(), 10, static_cast<off_t>(end())), 0);
        EXPECT_EQ(::pread(f.number(), got.data(), 10, static_cast<off_t>(end() + 1)), 0);
    });
}

TEST_F(SessionDataTest, AWriteAcrossTheEndIsShort) {
    run([&] {
        const OpenFile f(file(), O_WRONLY);
        EXPECT_EQ(::pwrite(f.number(), "0123456789", 10, static_cast<off_t>(end() - 5)), 5);
        EXPECT_EQ(::lseek(f.number(), 0, SEEK_END), static_cast<off_t>(end()));
    });
    EXPECT_EQ(volume_.content.back(), std::byte{'4'});
}

TEST_F(SessionDataTest, AWriteAtTheEndFailsAndBeyondItIsAnIllegalSeek) {
    run([&] {
        const OpenFile f(file(), O_WRONLY);
        EXPECT_EQ(outcome(::pwrite(f.number(), "x", 1, static_cast<off_t>(end()))), EIO);
        EXPECT_EQ(outcome(::pwrite(f.number(), "x", 1, static_cast<off_t>(end() + 1))), ESPIPE);
        EXPECT_EQ(::pwrite(f.number(), "x", 0, 0), 0);
    });
}

TEST_F(SessionDataTest, AFailedReadShowsTheErrnoOfItsCause) {
    volume_.failure = Error(Errc::Timeout, "no answer");
    run([&] {
        char byte = 0;
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        AlignedBytes page(4096);
        EXPECT_EQ(outcome(::pread(f.number(), page.data(), page.size(), 0)), ETIMEDOUT);
        const OpenFile buffered(file(), O_RDONLY);
        EXPECT_NE(outcome(::pread(buffered.number(), &byte, 1, 0)), 0);
    });
}

TEST_F(SessionDataTest, AFailedWriteShowsTheErrnoOfItsCause) {
    volume_.failure = Error(Errc::Io, "pwrite", ENOSPC);
    run([&] {
        const OpenFile f(file(), O_WRONLY);
        EXPECT_EQ(outcome(::pwrite(f.number(), "x", 1, 0)), ENOSPC);
    });
}

TEST_F(SessionDataTest, SyncingFlushesTheVolumeAndClosingDoesNot) {
    run([&] {
        const OpenFile f(file(), O_WRONLY);
        ASSERT_GE(f.number(), 0);
        EXPECT_EQ(outcome(::fsync(f.number())), 0);
        EXPECT_EQ(outcome(::fdatasync(f.number())), 0);
    });
    EXPECT_EQ(volume_.flushes, 2);
}

TEST_F(SessionDataTest, AFailedFlushIsReportedToTheOneWhoSyncs) {
    volume_.failure = Error(Errc::Unreachable, "cannot connect");
    run([&] {
        const OpenFile f(file(), O_WRONLY);
        ASSERT_GE(f.number(), 0);
        EXPECT_EQ(outcome(::fsync(f.number())), ENXIO);
    });
}

TEST_F(SessionDataTest, PunchingAHoleZeroesTheRange) {
    std::ranges::fill(volume_.content, std::byte{1});
    run([&] {
        const OpenFile f(file(), O_RDWR);
        char before = 0;
        EXPECT_EQ(::pread(f.number(), &before, 1, 5000), 1);
        const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        EXPECT_EQ(outcome(::fallocate(f.number(), mode, 4999, 3)), 0);
        char after[5] = {};
        EXPECT_EQ(::pread(f.number(), after, 5, 4998), 5);
        EXPECT_EQ(std::string(after, 5), std::string("\1\0\0\0\1", 5));
    });
    EXPECT_EQ(std::ranges::count(volume_.content, std::byte{0}), 3);
}

TEST_F(SessionDataTest, ZeroingARangeZeroesIt) {
    std::ranges::fill(volume_.content, std::byte{1});
    run([&] {
        const OpenFile f(file(), O_RDWR);
        const int keep = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
        EXPECT_EQ(outcome(::fallocate(f.number(), FALLOC_FL_ZERO_RANGE, 0, 4096)), 0);
        EXPECT_EQ(outcome(::fallocate(f.number(), keep, 8192, 4096)), 0);
    });
    EXPECT_EQ(std::ranges::count(volume_.content, std::byte{0}), 8192);
}

TEST_F(SessionDataTest, AllocatingSpaceSucceedsWithoutEffect) {
    std::ranges::fill(volume_.content, std::byte{1});
    run([&] {
        const OpenFile f(file(), O_RDWR);
        const auto size = static_cast<off_t>(end());
        EXPECT_EQ(outcome(::fallocate(f.number(), 0, 0, size)), 0);
        EXPECT_EQ(outcome(::fallocate(f.number(), FALLOC_FL_KEEP_SIZE, 0, size)), 0);
    });
    EXPECT_EQ(std::ranges::count(volume_.content, std::byte{0}), 0);
}

TEST_F(SessionDataTest, ThereIsNoSpaceBeyondTheEnd) {
    run([&] {
        const OpenFile f(file(), O_RDWR);
        const auto size = static_cast<off_t>(end());
        const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        EXPECT_EQ(outcome(::fallocate(f.number(), 0, 1, size)), ENOSPC);
        EXPECT_EQ(outcome(::fallocate(f.number(), punch, size - 1, 2)), ENOSPC);
        EXPECT_EQ(outcome(::fallocate(f.number(), FALLOC_FL_COLLAPSE_RANGE, 0, 4096)), EOPNOTSUPP);
    });
}

TEST_F(SessionDataTest, AReadOnlyVolumeIsReadAndNeverChanged) {
    settings_.read_only = true;
    run([&] {
        const OpenFile f(file(), O_RDWR);
        char byte = 1;
        EXPECT_EQ(::pread(f.number(), &byte, 1, 0), 1);
        EXPECT_EQ(outcome(::pwrite(f.number(), "x", 1, 0)), EROFS);
        EXPECT_EQ(outcome(::pwrite(f.number(), "x", 1, static_cast<off_t>(end() + 1))), EROFS);
        const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        EXPECT_EQ(outcome(::fallocate(f.number(), punch, 0, 4096)), EROFS);
        EXPECT_EQ(outcome(::fsync(f.number())), 0);
        EXPECT_EQ(outcome(::ftruncate(f.number(), 0)), 0);
    });
    EXPECT_EQ(volume_.flushes, 0);
    EXPECT_TRUE(volume_.write_sizes.empty());
}

TEST_F(SessionDataTest, RequestsAreNoLargerThanMaxWrite) {
    settings_.options = {"max_write=262144"};
    run([&] {
        const OpenFile f(file(), O_WRONLY | O_DIRECT);
        const AlignedBytes bytes(1 << 20, 'x');
        EXPECT_EQ(::pwrite(f.number(), bytes.bytes().data(), bytes.size(), 0), 1 << 20);
    });
    EXPECT_EQ(volume_.write_sizes, std::vector<size_t>(4, 262144));
    EXPECT_TRUE(volume_.aligned);
}

TEST_F(SessionDataTest, LargeReadsOfWhatIsAtHandAreSentFromWhereItLiesThroughTheDevice) {
    volume_.at_once = true;
    std::ranges::copy(pattern(volume_.content.size(), 3), volume_.content.begin());
    run([this] {
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        for (const size_t length : {4096U, 65536U, 1U << 20}) {
            AlignedBytes bytes(length);
            EXPECT_EQ(::pread(f.number(), bytes.data(), length, 8192), static_cast<long>(length));
            const auto wanted = std::span(volume_.content).subspan(8192, length);
            EXPECT_TRUE(std::ranges::equal(bytes.bytes(), wanted)) << length;
        }
    });
    EXPECT_EQ(volume_.in_place, settings_.transport == FuseTransport::Dev ? 2U : 0U);
}

}  // namespace
}  // namespace s3b::fusell
