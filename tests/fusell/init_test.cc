// SPDX-License-Identifier: Apache-2.0
// What the kernel and we agree on when a mount begins.
#include <cstring>

#include "fusell/init_answer.h"
#include "fusell/uring_abi.h"
#include "tests/fusell/operations_fixture.h"

namespace s3b::fusell {
namespace {

class InitTest : public OperationsFixture {};

TEST_F(InitTest, TheConnectionHasLargeRequestsAndNoAttributesInVain) {
    connect(MountOptions());
    EXPECT_EQ(init_.max_write, uint32_t{1} << 20);
    EXPECT_EQ(init_.max_pages, 256);
    EXPECT_EQ(init_.max_readahead, 131072U);
    EXPECT_GE(init_.max_background, 64);
    EXPECT_TRUE(init_.flags & FUSE_ASYNC_READ);
    EXPECT_TRUE(init_.flags & FUSE_ASYNC_DIO);
    EXPECT_FALSE(init_.flags & FUSE_AUTO_INVAL_DATA);
    EXPECT_FALSE(init_.flags & FUSE_ATOMIC_O_TRUNC);
    EXPECT_FALSE(init_.flags & FUSE_WRITEBACK_CACHE);
}

TEST_F(InitTest, TheTransportHearsWhatIsOfferedAndThenThatTheKernelHasTheAnswer) {
    transport_.wanted = uring::kInitFlag;
    connect(MountOptions());
    ASSERT_EQ(transport_.offers.size(), 1U);
    EXPECT_TRUE(transport_.offers[0] & FUSE_ASYNC_DIO);
    EXPECT_EQ(transport_.connections, 1);
    EXPECT_EQ(connections_when_ready_, 1);
    EXPECT_TRUE(init_.flags & FUSE_INIT_EXT);
    EXPECT_EQ(init_.flags2, 1U << 9);
}

TEST_F(InitTest, WithoutTheRingItsFlagIsNotAnswered) {
    connect(MountOptions());
    EXPECT_EQ(init_.flags2 & 1U << 9, 0U);
    EXPECT_EQ(transport_.connections, 1);
}

TEST_F(InitTest, RequestsMayBeLargerThanLibfuseAllows) {
    connect(MountOptions(), 4 << 20);
    EXPECT_EQ(init_.max_write, 4U << 20);
    EXPECT_EQ(init_.max_pages, 1024);
}

TEST_F(InitTest, RequestsMayBeSmaller) {
    connect(MountOptions(), 128 << 10);
    EXPECT_EQ(init_.max_write, 128U << 10);
    EXPECT_EQ(init_.max_pages, 32);
}

TEST_F(InitTest, OptionsChangeWhatIsAgreedOn) {
    MountOptions options;
    options.max_background = 12;
    options.max_readahead = 65536;
    options.sync_read = true;
    options.async_direct_io = false;
    options.writeback_cache = true;
    connect(options);
    EXPECT_EQ(init_.max_background, 12);
    EXPECT_EQ(init_.congestion_threshold, 9);
    EXPECT_EQ(init_.max_readahead, 65536U);
    EXPECT_FALSE(init_.flags & FUSE_ASYNC_READ);
    EXPECT_FALSE(init_.flags & FUSE_ASYNC_DIO);
    EXPECT_TRUE(init_.flags & FUSE_WRITEBACK_CACHE);
}

TEST_F(InitTest, WithTheKernelsWriteBackItsTimesAreTaken) {
    fuse_setattr_in times{};
    times.valid = FATTR_MTIME;
    times.mtime = 1000;
    MountOptions options;
    options.writeback_cache = true;
    connect(options);
    ASSERT_EQ(error_of(message_with(FUSE_SETATTR, kFileInode, times)), 0);
    fuse_attr_out out{};
    ASSERT_EQ(transport_.replies.front().body.size(), sizeof out);
    std::memcpy(&out, transport_.replies.front().body.data(), sizeof out);
    EXPECT_EQ(out.attr.mtime, 1000U);
    EXPECT_EQ(error_of(message_with(FUSE_SETATTR, kStatsInode, times)), ENOSYS);
}

TEST_F(InitTest, OtherwiseTimesCannotBeSet) {
    fuse_setattr_in times{};
    times.valid = FATTR_MTIME;
    connect(MountOptions());
    EXPECT_EQ(error_of(message_with(FUSE_SETATTR, kFileInode, times)), ENOSYS);
}

/// The flags of an open of the volume's file.
class OpenFlags : public OperationsFixture {
protected:
    uint32_t flags() {
        EXPECT_EQ(error_of(message_with(FUSE_OPEN, kFileInode, fuse_open_in{})), 0);
        fuse_open_out out{};
        const Message& body = transport_.replies.front().body;
        EXPECT_EQ(body.size(), sizeof out);
        std::memcpy(&out, body.data(), std::min(body.size(), sizeof out));
        return out.open_flags;
    }
};

TEST_F(OpenFlags, ThePageCacheIsKept) {
    connect(MountOptions());
    EXPECT_EQ(flags(), unsigned{FOPEN_KEEP_CACHE});
}

TEST_F(OpenFlags, DirectOnesLetSeveralWritersWriteAtOnce) {
    MountOptions options;
    options.direct_io = true;
    connect(options);
    EXPECT_EQ(flags(), FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES);
}

TEST_F(OpenFlags, SeveralWritersWaitForEachOtherIfTheUserWantsThat) {
    MountOptions options;
    options.direct_io = true;
    options.parallel_writes = false;
    connect(options);
    EXPECT_EQ(flags(), unsigned{FOPEN_DIRECT_IO});
}

// ---- the answer by itself

TEST(InitAnswer, AMessageThatIsTooShortOffersNothing) {
    const Message whole = init_message();
    EXPECT_TRUE(offered_flags(whole).has_value());
    EXPECT_FALSE(offered_flags(std::span(whole).first(whole.size() - 1)).has_value());
}

TEST(InitAnswer, TheUpperFlagsCountOnlyIfTheKernelSaysSo) {
    fuse_init_in in{};
    in.flags2 = 1U << 9;
    EXPECT_EQ(*offered_flags(message_with(FUSE_INIT, 0, in)), 0U);
    in.flags = FUSE_INIT_EXT;
    EXPECT_EQ(*offered_flags(message_with(FUSE_INIT, 0, in)), uring::kInitFlag | FUSE_INIT_EXT);
}

TEST(InitAnswer, AFailureIsLeftAsItIs) {
    std::array<std::byte, sizeof(InitAnswer)> failed{};
    fuse_out_header header{};
    header.error = -EPROTO;
    std::memcpy(failed.data(), &header, sizeof header);
    EXPECT_FALSE(amended(failed, uring::kInitFlag, 1 << 20).has_value());
    EXPECT_FALSE(amended(std::span(failed).first(16), uring::kInitFlag, 1 << 20).has_value());
}

}  // namespace
}  // namespace s3b::fusell
