// SPDX-License-Identifier: Apache-2.0
#include "engine/base/result.h"

#include <cstring>

namespace s3b {

const char* to_string(Errc code) {
    switch (code) {
        case Errc::NotFound: return "NotFound";
        case Errc::Unchanged: return "Unchanged";
        case Errc::Stale: return "Stale";
        case Errc::Unauthorized: return "Unauthorized";
        case Errc::Forbidden: return "Forbidden";
        case Errc::Redirected: return "Redirected";
        case Errc::Timeout: return "Timeout";
        case Errc::Unreachable: return "Unreachable";
        case Errc::ServerError: return "ServerError";
        case Errc::Unauthentic: return "Unauthentic";
        case Errc::Refused: return "Refused";
        case Errc::BadReply: return "BadReply";
        case Errc::OutcomeUnknown: return "OutcomeUnknown";
        case Errc::Io: return "Io";
        case Errc::NoSpace: return "NoSpace";
        case Errc::InvalidArgument: return "InvalidArgument";
        case Errc::ReadOnly: return "ReadOnly";
        case Errc::Unsupported: return "Unsupported";
        case Errc::Busy: return "Busy";
        case Errc::Cancelled: return "Cancelled";
    }
    return "?";
}

std::string describe(const Error& error) {
    std::string text = to_string(error.code);
    if (*error.what != '\0') text = text + ": " + error.what;
    if (error.sys_errno != 0) text = text + " (" + std::strerror(error.sys_errno) + ")";
    return text;
}

}  // namespace s3b
