// SPDX-License-Identifier: Apache-2.0
// State of one request between its headers and the end of its answer, and of one connection.
#pragma once

#include <microhttpd.h>

#include <optional>
#include <string>

#include "tests/s3_server/faults.h"
#include "tests/s3_server/http_message.h"
#include "tests/s3_server/parking.h"
#include "tests/s3_server/s3_operation.h"
#include "tests/s3_server/statistics.h"

namespace s3b::test {

inline constexpr size_t kMaxBody = size_t{64} << 20;

struct ConnectionState {
    std::string target;  // of the request that is being received, not decoded
};

struct Exchange {
    enum class Phase {
        kReceiving,
        kReady,    // received, delayed, released: to be carried out
        kWaiting,  // admin request that waits for a condition
    };

    MHD_Connection* connection = nullptr;
    Phase phase = Phase::kReceiving;
    Request request;
    bool is_admin = false;
    uint64_t body_size = 0;  // as announced; 0 when it was not
    bool too_large = false;
    bool answer_queued = false;
    S3Target target;
    std::optional<Answer> refusal;  // for its signature or a digest
    FaultPlan plan;
    Parking::Ticket ticket = 0;
    WaitCondition condition;
    bool condition_holds = false;
    Statistics::Outcome outcome;
};

}  // namespace s3b::test
