// SPDX-License-Identifier: Apache-2.0
#include "fusell/errors.h"

#include <cerrno>

namespace s3b::fusell {

int errno_of(const Error& error) {
    switch (error.code) {
        case Errc::NotFound: return ENOENT;
        case Errc::Stale: return ESTALE;
        case Errc::Unauthorized: return EACCES;
        case Errc::Forbidden: return EPERM;
        case Errc::Redirected: return ELOOP;
        case Errc::Timeout: return ETIMEDOUT;
        case Errc::Unreachable: return ENXIO;
        case Errc::Io: return error.sys_errno > 0 ? error.sys_errno : EIO;
        case Errc::NoSpace: return ENOSPC;
        case Errc::InvalidArgument: return EINVAL;
        case Errc::ReadOnly: return EROFS;
        case Errc::Unsupported: return EOPNOTSUPP;
        case Errc::Busy: return EBUSY;
        case Errc::Unchanged:
        case Errc::ServerError:
        case Errc::Unauthentic:
        case Errc::Refused:
        case Errc::BadReply:
        case Errc::OutcomeUnknown:
        case Errc::Cancelled: return EIO;
    }
    return EIO;
}

}  // namespace s3b::fusell
