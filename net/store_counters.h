// SPDX-License-Identifier: Apache-2.0
// What a store counts. The names are those of the statistics file. Source: command-line.md 4.2.
#pragma once

#include <cstdint>

#include "engine/base/histogram.h"
#include "engine/base/types.h"

namespace s3b::net {

/// All from 0 at start or reset. HEAD requests are not among the gets.
struct StoreCounters {
    uint64_t gets = 0;  // successful, as are puts and deletes
    uint64_t puts = 0;
    uint64_t deletes = 0;
    Duration get_time{};  // sums over the successful ones
    Duration put_time{};
    Duration delete_time{};
    Histogram get_times;  // of the same
    Histogram put_times;
    Histogram delete_times;
    uint64_t unauthorized = 0;  // 401, each attempt
    uint64_t forbidden = 0;     // 403
    uint64_t stale = 0;         // 412
    uint64_t redirect = 0;      // 301, 302, 307, 308
    uint64_t error_3xx = 0;     // other 3xx but an expected 304
    uint64_t error_4xx = 0;     // not 401, 403, 404, 412
    uint64_t error_5xx = 0;
    uint64_t other_error = 0;
    uint64_t retries = 0;
    Duration retry_delay{};
    uint64_t handles_created = 0;  // transfer handles made anew and used again
    uint64_t handles_reused = 0;
    uint64_t timeouts = 0;
    uint64_t connect_failed = 0;
    uint64_t host_unknown = 0;
    uint64_t out_of_memory = 0;
    uint64_t other_transfer_error = 0;
    uint64_t hedged = 0;     // reads that were sent a second time because they took long
    uint64_t hedge_won = 0;  // those of them that the second request has answered
};

}  // namespace s3b::net
