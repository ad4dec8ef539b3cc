// SPDX-License-Identifier: Apache-2.0
// The server's idea of the time, which tests may set apart from the machine's.
#pragma once

#include <chrono>
#include <ctime>

namespace s3b::test {

class ServerClock {
public:
    explicit ServerClock(std::chrono::seconds offset = {}) : offset_(offset) {}

    std::time_t now() const { return std::time(nullptr) + offset_.count(); }

private:
    std::chrono::seconds offset_;  // may be negative
};

}  // namespace s3b::test
