// SPDX-License-Identifier: Apache-2.0
// What the store shows after a write, and what fsync does.
// Source: command-line.md 2.4, 2.9 (18), 10; cache-and-consistency.md 1.1.
#include <algorithm>

#include "engine/option_checks.h"

namespace s3b {

namespace {

/// Those of s3backer 1.5.0.
constexpr Duration kUsualTime = std::chrono::seconds(10);
constexpr Duration kUsualDelay = std::chrono::milliseconds(500);

std::string given(std::string_view option, Duration time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return "`" + std::string(option) + "=" + std::to_string(ms) + "'";
}

bool positive(const std::optional<Duration>& time) { return time && *time > Duration::zero(); }

/// Values that exclude each other.
Complaint check_consistency(const Draft& draft) {
    const auto& time = draft.md5_cache_time;
    const auto& delay = draft.min_write_delay;
    if (draft.md5_cache_size == 0) {
        const std::string none = "`md5CacheSize=0' switches the protection off, but ";
        if (positive(time)) return none + given("md5CacheTime", *time) + " needs it";
        if (positive(delay)) return none + given("minWriteDelay", *delay) + " needs it";
        if (draft.eventual) return none + "`consistency=eventual' needs it";
    }
    if (positive(time) && delay && *delay > *time) {
        return given("md5CacheTime", *time) + " is less than " + given("minWriteDelay", *delay) +
               "; it must be at least as long";
    }
    return {};
}

/// What was not given follows from what was: the usual value, as far as it is legal.
void derive_consistency(const Draft& draft, ConsistencySettings& result) {
    const auto& time = draft.md5_cache_time;
    const auto& delay = draft.min_write_delay;
    // Zeros alone switch off, as they do in s3backer 2.
    result.on =
        draft.eventual || draft.md5_cache_size.value_or(0) > 0 || positive(time) || positive(delay);
    if (!result.on) return;
    result.capacity = BlockCount(draft.md5_cache_size.value_or(0));
    result.keep = time.value_or(std::max(kUsualTime, delay.value_or(Duration::zero())));
    const bool for_ever = result.keep == Duration::zero();
    result.min_write_delay =
        delay.value_or(for_ever ? kUsualDelay : std::min(kUsualDelay, result.keep));
}

}  // namespace

Complaint settle_consistency(Draft& draft, const Environment&) {
    if (draft.config.fsync == FsyncPolicy::None) {
        draft.messages.emplace_back(
            "warning: `fsyncPolicy=none': fsync returns at once, what was written last is lost in "
            "a crash");
    }
    if (draft.config.mount.read_only) return {};  // nothing is written
    if (Complaint wrong = check_consistency(draft)) return wrong;
    derive_consistency(draft, draft.config.consistency);
    if (draft.config.fsync == FsyncPolicy::Cache && draft.config.consistency.on) {
        return std::string(
            "`fsyncPolicy=cache' needs a store that shows each write at once: it "
            "cannot work with `consistency=eventual', `md5CacheSize', "
            "`md5CacheTime' or `minWriteDelay'");
    }
    return {};
}

}  // namespace s3b
