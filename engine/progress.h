// SPDX-License-Identifier: Apache-2.0
// How far a long work is: count, rate and the time left, for the log or for a terminal. It looks at
// the scheduler's clock when it is told something, and needs no timer of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/types.h"
#include "engine/prompt.h"

namespace s3b {

struct ProgressReport {
    uint64_t count = 0;
    uint64_t per_second = 0;       // on average since the beginning
    std::optional<Duration> left;  // nullopt: cannot be told yet

    ProgressReport() = default;
};

/// Begins with its construction.
class Progress {
public:
    /// At most one report in `interval`.
    explicit Progress(Duration interval);

    /// A report if one is due. `part_done`: of the whole work, 0 to 1.
    std::optional<ProgressReport> due(uint64_t count, double part_done);
    Duration elapsed() const;

private:
    Duration interval_;
    Instant begin_;
    Instant last_;
};

/// Progress for an operator: on a terminal a bar in one line, redrawn at most 5 times a second,
/// else a line each 10 s.
class ProgressBar {
public:
    /// `what` is done: "erasing blocks". `shown` = false: draws nothing.
    ProgressBar(Console& console, std::string what, bool shown);

    void update(uint64_t count, double part_done);
    /// A message amid the progress.
    void say(std::string_view text);
    /// Takes the bar away.
    void finish();

private:
    std::string bar(const ProgressReport& report, double part_done) const;

    Console& console_;
    std::string what_;
    bool shown_;
    bool terminal_;
    bool drawn_ = false;
    Progress progress_;
};

/// "12 s", "3 min 5 s", "2 h 10 min".
std::string format_time(Duration time);

}  // namespace s3b
