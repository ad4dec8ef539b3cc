// SPDX-License-Identifier: Apache-2.0
#include "engine/base/check.h"

#include <syslog.h>

#include <cstdio>
#include <cstdlib>

namespace s3b {

void check_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "s3backer: BUG: CHECK(%s) failed at %s:%d\n", condition, file, line);
    syslog(LOG_CRIT, "BUG: CHECK(%s) failed at %s:%d", condition, file, line);
    std::abort();
}

}  // namespace s3b
