// SPDX-License-Identifier: Apache-2.0
#include "engine/survey.h"

#include "engine/base/log.h"

namespace s3b {

namespace {

constexpr Duration kReportInterval = std::chrono::seconds(10);

int64_t seconds_of(Duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

}  // namespace

Survey::Survey(cache::BlockCache& cache, net::ObjectStore& store, net::TransferScheduler& scheduler,
               const NameOrder& order, uint32_t threads)
    : cache_(cache),
      blocks_(order.blocks()),
      lister_(store, scheduler, order, {.ranges = threads}),
      progress_(kReportInterval) {}

Task<void> Survey::run() {
    log::info("survey of the blocks begun", log::kv("blocks", blocks_));
    cache_.begin_survey();
    const Result<void> listed = co_await lister_.run(*this);
    const log::Pair count = log::kv("listed", lister_.listed());
    if (listed.has_value()) {
        cache_.finish_survey();
        log::info("survey of the blocks done", log::kv("blocks", blocks_), count,
                  log::kv("seconds", seconds_of(progress_.elapsed())));
        co_return;
    }
    cache_.abandon_survey();
    if (listed.error().code == Errc::Cancelled) {
        log::info("survey of the blocks cancelled", count);
    } else {
        log::warn("survey of the blocks failed, reads ask the store for each block", count,
                  log::kv("error", listed.error()));
    }
}

Task<Result<void>> Survey::take(const ListedPage& page) {
    for (const ListedBlock& listed : page.blocks) cache_.note_object(listed.block);
    if (const auto report = progress_.due(lister_.listed(), lister_.part_done())) {
        log::info("survey of the blocks goes on", log::kv("listed", report->count),
                  log::kv("per_second", report->per_second),
                  log::kv("seconds_left", seconds_of(report->left.value_or(Duration{}))));
    }
    co_return ok();
}

}  // namespace s3b
