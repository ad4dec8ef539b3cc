// SPDX-License-Identifier: Apache-2.0
#include "engine/progress.h"

#include <algorithm>
#include <cmath>

#include "engine/reactor/scheduler.h"

namespace s3b {

namespace {

constexpr Duration kDrawInterval = std::chrono::milliseconds(200);
constexpr Duration kLineInterval = std::chrono::seconds(10);
constexpr const char* kClearLine = "\r\x1b[K";

Instant now() { return Scheduler::current().now(); }

double seconds_of(Duration time) { return std::chrono::duration<double>(time).count(); }

std::optional<Duration> time_left(Duration elapsed, double part_done) {
    // Before that nothing can be told, and the quotient would overflow.
    constexpr double kLeastPart = 0.001;
    if (part_done < kLeastPart) return std::nullopt;
    const double left = seconds_of(elapsed) * (1 - part_done) / part_done;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left));
}

std::string describe(const ProgressReport& report) {
    std::string text =
        std::to_string(report.count) + ", " + std::to_string(report.per_second) + " a second";
    if (report.left) text += ", " + format_time(*report.left) + " left";
    return text;
}

}  // namespace

std::string format_time(Duration time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    const auto pair = [](int64_t big, const char* unit, int64_t small, const char* small_unit) {
        return std::to_string(big) + unit + std::to_string(small) + small_unit;
    };
    if (seconds < 60) return std::to_string(seconds) + " s";
    if (seconds < 3600) return pair(seconds / 60, " min ", seconds % 60, " s");
    return pair(seconds / 3600, " h ", seconds / 60 % 60, " min");
}

Progress::Progress(Duration interval) : interval_(interval), begin_(now()), last_(begin_) {}

Duration Progress::elapsed() const { return now() - begin_; }

std::optional<ProgressReport> Progress::due(uint64_t count, double part_done) {
    if (now() - last_ < interval_) return std::nullopt;
    last_ = now();
    ProgressReport report;
    report.count = count;
    const double rate = static_cast<double>(count) / seconds_of(elapsed());
    report.per_second = static_cast<uint64_t>(std::llround(rate));
    report.left = time_left(elapsed(), part_done);
    return report;
}

ProgressBar::ProgressBar(Console& console, std::string what, bool shown)
    : console_(console),
      what_(std::move(what)),
      shown_(shown),
      terminal_(console.is_terminal()),
      progress_(terminal_ ? kDrawInterval : kLineInterval) {}

void ProgressBar::update(uint64_t count, double part_done) {
    if (!shown_) return;
    const auto report = progress_.due(count, part_done);
    if (!report) return;
    if (!terminal_) {
        console_.say(what_ + ": " + describe(*report));
        return;
    }
    console_.write(kClearLine + bar(*report, part_done));
    drawn_ = true;
}

std::string ProgressBar::bar(const ProgressReport& report, double part_done) const {
    constexpr int kWidth = 20;
    const int full = std::clamp(static_cast<int>(part_done * kWidth), 0, kWidth);
    return "s3backer: " + what_ + " [" + std::string(static_cast<size_t>(full), '#') +
           std::string(static_cast<size_t>(kWidth - full), '.') + "] " + describe(report);
}

void ProgressBar::say(std::string_view text) {
    finish();
    console_.say(text);
}

void ProgressBar::finish() {
    if (drawn_) console_.write(kClearLine);
    drawn_ = false;
}

}  // namespace s3b
