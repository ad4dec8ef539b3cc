// SPDX-License-Identifier: Apache-2.0
#include "fusell/request.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/fusell/messages.h"

namespace s3b::fusell {
namespace {

constexpr uint32_t kStatx = 52;  // of later kernels

/// `message` without its last `bytes`, its header saying so.
Message cut(Message message, size_t bytes) {
    message.resize(message.size() - bytes);
    const auto length = static_cast<uint32_t>(message.size());
    std::memcpy(message.data(), &length, std::min(sizeof length, message.size()));
    return message;
}

TEST(RequestTest, AReadIsDecoded) {
    fuse_read_in in{};
    in.fh = 7;
    in.offset = 0x123456789;
    in.size = 4096;
    const auto read = decode_read(message_with(FUSE_READ, 2, in));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->node, 2U);
    EXPECT_EQ(read->handle, 7U);
    EXPECT_EQ(read->offset, 0x123456789U);
    EXPECT_EQ(read->size, 4096U);
}

TEST(RequestTest, AWriteIsDecodedWithItsData) {
    const Message data(5, std::byte{0x5a});
    const Message message = write_message(2, 99, data);
    const auto write = decode_write(message);
    ASSERT_TRUE(write.has_value());
    EXPECT_EQ(write->node, 2U);
    EXPECT_EQ(write->offset, 99U);
    EXPECT_EQ(write->data.data(), message.data() + 80);
    EXPECT_EQ(write->data.size(), 5U);
}

TEST(RequestTest, AReadThatIsCutAnywhereIsRefused) {
    const Message whole = read_message(2, 0, 4096);
    for (size_t missing = 1; missing <= whole.size(); ++missing) {
        EXPECT_FALSE(decode_read(cut(whole, missing)).has_value()) << missing;
    }
}

TEST(RequestTest, AWriteThatIsCutAnywhereIsRefused) {
    const Message whole = write_message(2, 0, Message(9));
    for (size_t missing = 1; missing <= whole.size(); ++missing) {
        EXPECT_FALSE(decode_write(cut(whole, missing)).has_value()) << missing;
    }
}

TEST(RequestTest, AHeaderWhoseLengthIsNotThatOfTheMessageIsRefused) {
    Message message = read_message(2, 0, 4096);
    EXPECT_TRUE(decode_header(message).has_value());
    message.push_back(std::byte{0});
    EXPECT_FALSE(decode_header(message).has_value());
    EXPECT_FALSE(decode_read(message).has_value());
}

TEST(RequestTest, ANameMustEndInAZeroByte) {
    const Message message = message_with_name(FUSE_LOOKUP, 1, "file");
    EXPECT_TRUE(well_formed(message));
    EXPECT_FALSE(well_formed(cut(message, 1)));
}

TEST(RequestTest, AStructThatIsTooShortIsNotWellFormed) {
    const Message message = message_with(FUSE_FALLOCATE, 2, fuse_fallocate_in{});
    EXPECT_TRUE(well_formed(message));
    EXPECT_FALSE(well_formed(cut(message, 1)));
}

TEST(RequestTest, AnOperationThatIsNotKnownIsRefused) {
    EXPECT_EQ(route_of(kStatx), Route::Refuse);
    EXPECT_EQ(opcode_name(kStatx), nullptr);
    EXPECT_FALSE(well_formed(message_of(kStatx, 1, {})));
}

TEST(RequestTest, OperationsThatWantNoReplyGetNone) {
    EXPECT_EQ(route_of(FUSE_FORGET), Route::Silent);
    EXPECT_EQ(route_of(FUSE_BATCH_FORGET), Route::Silent);
    EXPECT_EQ(route_of(FUSE_INTERRUPT), Route::Interrupt);
}

TEST(ClipTest, ARangeInsideIsKept) {
    EXPECT_EQ(clip(0, 4096, 8192), (Clip{4096, 0}));
    EXPECT_EQ(clip(4096, 4096, 8192), (Clip{4096, 0}));
}

TEST(ClipTest, ARangeAcrossTheEndIsCut) { EXPECT_EQ(clip(8190, 10, 8192), (Clip{2, 0})); }

TEST(ClipTest, ARangeThatStartsAtTheEndIsEmpty) { EXPECT_EQ(clip(8192, 10, 8192), (Clip{0, 0})); }

TEST(ClipTest, ARangeBeyondTheEndIsRefused) {
    EXPECT_EQ(clip(8193, 10, 8192), (Clip{0, ESPIPE}));
    EXPECT_EQ(clip(~uint64_t{0}, ~uint32_t{0}, 8192), (Clip{0, ESPIPE}));
}

TEST(ClipTest, TheLargestFileHasNoOverflow) {
    EXPECT_EQ(clip(~uint64_t{0} - 1, 10, ~uint64_t{0}), (Clip{1, 0}));
}

}  // namespace
}  // namespace s3b::fusell
