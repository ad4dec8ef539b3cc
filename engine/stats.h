// SPDX-License-Identifier: Apache-2.0
// The text of the statistics file: one line a value, labels and order as parsers of the original
// know them. Pure. Source: command-line.md 4.
#pragma once

#include <string>

#include "cache/block_cache.h"
#include "engine/held_uploads.h"
#include "engine/volume_parts.h"
#include "net/store_counters.h"
#include "net/transfer_scheduler.h"

namespace s3b {

struct StatsInput {
    const BlockCounters* blocks = nullptr;
    const net::StoreCounters* store = nullptr;
    const cache::BlockCache* cache = nullptr;
    const WrittenBlocks* written = nullptr;  // off: no lines about it
    const HeldUploads* held = nullptr;
    const FileTier* file = nullptr;  // none: no cache file
    const net::TransferScheduler* scheduler = nullptr;
    Duration dirty_age{};   // of the oldest write that is not stored
    ByteCount budget;       // of memory
    bool over_http = true;  // lines about HTTP
    bool cached = true;     // lines about the block cache
};

/// `input` has all its pointers.
std::string format_stats(const StatsInput& input);

}  // namespace s3b
