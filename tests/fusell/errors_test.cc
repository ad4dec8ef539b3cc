// SPDX-License-Identifier: Apache-2.0
#include "fusell/errors.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

namespace s3b::fusell {
namespace {

struct Case {
    Errc code;
    int error;
};

class EachErrc : public ::testing::TestWithParam<Case> {};

TEST_P(EachErrc, HasTheErrnoOfTheSpecification) {
    EXPECT_EQ(errno_of(Error(GetParam().code, "")), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, EachErrc,
    ::testing::Values(Case{Errc::NotFound, ENOENT}, Case{Errc::Unchanged, EIO},
                      Case{Errc::Stale, ESTALE}, Case{Errc::Unauthorized, EACCES},
                      Case{Errc::Forbidden, EPERM}, Case{Errc::Redirected, ELOOP},
                      Case{Errc::Timeout, ETIMEDOUT}, Case{Errc::Unreachable, ENXIO},
                      Case{Errc::ServerError, EIO}, Case{Errc::Refused, EIO},
                      Case{Errc::BadReply, EIO}, Case{Errc::OutcomeUnknown, EIO},
                      Case{Errc::Io, EIO}, Case{Errc::NoSpace, ENOSPC},
                      Case{Errc::InvalidArgument, EINVAL}, Case{Errc::ReadOnly, EROFS},
                      Case{Errc::Unsupported, EOPNOTSUPP}, Case{Errc::Busy, EBUSY},
                      Case{Errc::Cancelled, EIO}, Case{Errc::Unauthentic, EIO}),
    [](const auto& each) { return std::string(to_string(each.param.code)); });

TEST(ErrorsTest, AFailedFileOperationKeepsItsErrno) {
    EXPECT_EQ(errno_of(Error(Errc::Io, "read", EROFS)), EROFS);
}

TEST(ErrorsTest, OnlyFileOperationsKeepTheirErrno) {
    EXPECT_EQ(errno_of(Error(Errc::ServerError, "connection broke", ECONNRESET)), EIO);
}

}  // namespace
}  // namespace s3b::fusell
