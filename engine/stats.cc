// SPDX-License-Identifier: Apache-2.0
#include "engine/stats.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace s3b {

namespace {

/// Label in 28 columns, a blank, the value.
class Lines {
public:
    void count(const char* label, uint64_t value, const char* unit = "") {
        char line[96];
        std::snprintf(line, sizeof line, "%-28s %" PRIu64 "%s\n", label, value, unit);
        text_ += line;
    }
    void ratio(const char* label, double value, int decimals) {
        char line[96];
        std::snprintf(line, sizeof line, "%-28s %.*f\n", label, decimals, value);
        text_ += line;
    }
    void seconds(const char* label, Duration value) {
        char line[96];
        std::snprintf(line, sizeof line, "%-28s %.3f sec\n", label,
                      std::chrono::duration<double>(value).count());
        text_ += line;
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

double share(uint64_t part, uint64_t rest) {
    if (part + rest == 0) return 0;
    return static_cast<double>(part) / static_cast<double>(part + rest);
}

Duration average(Duration sum, uint64_t count) {
    return count == 0 ? Duration::zero() : sum / static_cast<int64_t>(count);
}

void add_http(Lines& lines, const StatsInput& input) {
    const BlockCounters& blocks = *input.blocks;
    const net::StoreCounters& store = *input.store;
    const FileCounters file = input.file != nullptr ? input.file->counters() : FileCounters();
    lines.count("http_normal_blocks_read", blocks.blocks_read);
    lines.count("http_normal_blocks_written", blocks.blocks_written);
    lines.count("http_zero_blocks_read", blocks.zero_blocks_read);
    lines.count("http_zero_blocks_written", blocks.zero_blocks_written);
    lines.count("http_gets", store.gets);
    lines.count("http_puts", store.puts);
    lines.count("http_deletes", store.deletes);
    lines.seconds("http_avg_get_time", average(store.get_time, store.gets));
    lines.seconds("http_avg_put_time", average(store.put_time, store.puts));
    lines.seconds("http_avg_delete_time", average(store.delete_time, store.deletes));
    lines.count("http_unauthorized", store.unauthorized);
    lines.count("http_forbidden", store.forbidden);
    lines.count("http_stale", store.stale);
    lines.count("http_redirect", store.redirect);
    lines.count("http_verified", file.verified);
    lines.count("http_mismatch", file.mismatched);
    lines.count("http_5xx_error", store.error_5xx);
    lines.count("http_4xx_error", store.error_4xx);
    lines.count("http_3xx_error", store.error_3xx);
    lines.count("http_other_error", store.other_error);
    lines.count("http_canceled_writes", 0);  // that does not happen
    lines.count("http_num_retries", store.retries);
    lines.seconds("http_total_retry_delay", store.retry_delay);
    lines.ratio("curl_handle_reuse_ratio", share(store.handles_reused, store.handles_created), 4);
    lines.count("curl_timeouts", store.timeouts);
    lines.count("curl_connect_failed", store.connect_failed);
    lines.count("curl_host_unknown", store.host_unknown);
    lines.count("curl_out_of_memory", store.out_of_memory);
    lines.count("curl_other_error", store.other_transfer_error);
}

void add_cache(Lines& lines, const cache::BlockCache& cache, const FileTier* file) {
    const cache::CacheCounters& counters = cache.counters();
    const FileCounters of_file = file != nullptr ? file->counters() : FileCounters();
    // What is in memory is in the file, too, or soon will be.
    const uint64_t in_file = file != nullptr ? file->map().used() : 0;
    lines.count("block_cache_current_size", std::max(cache.entries(), in_file), " blocks");
    lines.count("block_cache_initial_size", of_file.loaded, " blocks");
    lines.ratio("block_cache_dirty_ratio", cache.dirty_ratio(), 8);
    lines.count("block_cache_read_hits", counters.read_hits);
    lines.count("block_cache_read_misses", counters.read_misses);
    lines.ratio("block_cache_read_hit_ratio", share(counters.read_hits, counters.read_misses), 8);
    lines.count("block_cache_write_hits", counters.write_hits);
    lines.count("block_cache_write_misses", counters.write_misses);
    lines.ratio("block_cache_write_hit_ratio", share(counters.write_hits, counters.write_misses),
                8);
    lines.count("block_cache_verified", of_file.verified);
    lines.count("block_cache_mismatch", of_file.mismatched);
}

void add_file(Lines& lines, const FileTier& file) {
    lines.count("cache_file_dirty_blocks", file.map().dirty());
    lines.count("cache_file_unverified_blocks", file.map().unverified_blocks());
    lines.count("cache_file_blocks_read", file.counters().read);
    lines.count("cache_file_syncs", file.syncs());
    lines.count("cache_file_failures", file.counters().failures);
}

void add_in_flight(Lines& lines, const net::TransferScheduler& scheduler) {
    using net::Urgency;
    lines.count("http_reads_in_flight",
                scheduler.under_way(Urgency::Demand) + scheduler.under_way(Urgency::ReadAhead));
    lines.count("http_writes_in_flight", scheduler.under_way(Urgency::WriteBack));
    lines.count("http_lists_in_flight", scheduler.under_way(Urgency::Listing));
}

void add_written(Lines& lines, const WrittenBlocks& written, const HeldUploads& held) {
    lines.count("md5_cache_current_size", written.size(), " blocks");
    lines.count("md5_cache_data_hits", written.data_hits());
    lines.seconds("md5_cache_full_delays", held.full_time());
    lines.seconds("md5_cache_write_delays", held.delay_time());
}

}  // namespace

std::string format_stats(const StatsInput& input) {
    Lines lines;
    if (input.over_http) add_http(lines, input);
    if (input.cached) add_cache(lines, *input.cache, input.file);
    const cache::CacheCounters& counters = input.cache->counters();
    lines.count("zero_block_cache_size", input.cache->known_zero(), " blocks");
    lines.count("zero_block_cache_read_hits", counters.zero_read_hits);
    lines.count("zero_block_cache_write_hits", counters.zero_write_hits);
    if (input.written->on()) add_written(lines, *input.written, *input.held);
    lines.count("out_of_memory_errors", 0);
    lines.count("blocks_to_be_deleted", input.cache->deletions().size());
    lines.seconds("oldest_dirty_age", input.dirty_age);
    lines.count("memory_budget_bytes", input.budget.value);
    if (input.cached) {
        lines.count("read_ahead_blocks", input.blocks->read_ahead);
        lines.count("read_ahead_unused_blocks", counters.unused_blocks);
    }
    if (input.over_http) {
        lines.count("http_hedged_reads", input.store->hedged);
        lines.count("http_hedged_reads_won", input.store->hedge_won);
        add_in_flight(lines, *input.scheduler);
    }
    if (input.file != nullptr) add_file(lines, *input.file);
    return lines.take();
}

}  // namespace s3b
