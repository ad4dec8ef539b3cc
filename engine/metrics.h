// SPDX-License-Identifier: Apache-2.0
// The statistics for machines: as JSON, and in the text format of Prometheus. Pure.
// Source: command-line.md 4.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/histogram.h"

namespace s3b {

/// How long the operations of one kind took.
struct NamedHistogram {
    std::string_view family;  // "fuse", "s3", "cache_file"
    std::string_view operation;
    const Histogram* times;
};

struct MetricsInput {
    std::string stats;  // the text of the statistics file
    std::vector<NamedHistogram> histograms;
    /// How many requests of each kind the kernel has sent.
    std::vector<std::pair<std::string, uint64_t>> requests;

    MetricsInput() = default;
};

/// {"LABEL": number, ..., "latencies": {FAMILY: {OPERATION: {"count", "seconds", "buckets"}}}}
std::string metrics_as_json(const MetricsInput& input);
/// Names begin with s3backer_; counters end in _total, times in _seconds.
std::string metrics_as_text(const MetricsInput& input);

}  // namespace s3b
