// SPDX-License-Identifier: Apache-2.0
// Reading, writing and syncing through a real mount.
#include <linux/falloc.h>

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
    EXPECT_TRUE(content_is(12344, pattern(0, 0)));
    EXPECT_EQ(volume_.content[12344], std::byte{0});
    EXPECT_EQ(volume_.content[12345 + 9001], std::byte{0});
}

}  // namespace
}  // namespace s3b::fusell
