// SPDX-License-Identifier: Apache-2.0
// Counts of the S3 requests the server has had, and the conditions on them that a test can wait
// for. Admin requests are not counted.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/s3_server/s3_operation.h"

namespace s3b::test {

struct WaitCondition {
    enum class Kind { kAnswered, kHeld, kInFlight, kIdle };

    Kind kind = Kind::kIdle;
    uint64_t count = 0;
    std::optional<Operation> operation;  // of kAnswered; none: any
    std::optional<std::string> key;      // of kAnswered; none: any
};

class Statistics {
public:
    void connection_opened() { ++connections_; }
    void received(Operation operation, const std::string& key);
    void held() { ++held_; }
    void released() { --held_; }

    struct Outcome {
        bool answered = false;  // the whole answer went out
        unsigned status = 0;
        uint64_t bytes_in = 0;  // of bodies
        uint64_t bytes_out = 0;
        uint64_t bulk_deleted = 0;  // keys; counted even if the answer was cut
    };
    void ended(Operation operation, const std::string& key, const Outcome& outcome);

    // Zeroes all but the numbers of what is under way now.
    void reset();
    bool holds(const WaitCondition& condition) const;
    std::string json() const;
    std::string json_of_key(const std::string& key) const;

private:
    using Counts = std::array<uint64_t, kOperationCount>;

    struct KeyCounts {
        Counts received{};
        Counts answered{};
    };

    uint64_t connections_ = 0;
    uint64_t held_ = 0;
    uint64_t in_flight_ = 0;
    uint64_t max_in_flight_ = 0;
    uint64_t writes_in_flight_ = 0;
    uint64_t max_writes_in_flight_ = 0;
    uint64_t cut_ = 0;
    uint64_t bytes_in_ = 0;
    uint64_t bytes_out_ = 0;
    uint64_t bulk_deleted_ = 0;
    Counts received_{};
    Counts answered_{};
    std::map<unsigned, uint64_t> statuses_;
    std::unordered_map<std::string, KeyCounts> keys_;
};

}  // namespace s3b::test
