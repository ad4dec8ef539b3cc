// SPDX-License-Identifier: Apache-2.0
#include "engine/file_check.h"

#include "engine/base/log.h"

namespace s3b {

FileCheck::FileCheck(VolumeParts& parts, uint32_t threads)
    : parts_(parts),
      threads_(threads),
      lister_(parts.store, parts.scheduler, NameOrder(parts.names, parts.geometry.blocks),
              {.ranges = threads}) {}

void FileCheck::stop() {
    stopped_ = true;
    lister_.stop();
}

Task<void> FileCheck::run() {
    const uint64_t blocks = parts_.file->map().unverified_blocks();
    const uint64_t pages = parts_.geometry.blocks.value / BlockLister::kPageKeys;
    const bool lists = blocks > std::max(pages, kFew) && !parts_.written.on();
    log::info("comparing the blocks of the cache file with the store", log::kv("blocks", blocks),
              log::kv("by", lists ? "list" : "block"));
    if (lists) {
        const Result<void> listed = co_await lister_.run(*this);
        if (!listed.has_value() && !stopped_) {
            log::warn("the objects cannot be listed", log::kv("error", listed.error()));
        }
    }
    if (!stopped_) {
        co_await look_at_each();  // those without an object, too
    }
    log::info("the blocks of the cache file are compared",
              log::kv("unchanged", parts_.file->counters().verified),
              log::kv("changed", parts_.file->counters().mismatched));
}

Task<Result<void>> FileCheck::take(const ListedPage& page) {
    for (const ListedBlock& listed : page.blocks) {
        if (listed.etag) parts_.file->compare(listed.block, listed.etag);
    }
    co_return ok();
}

Task<void> FileCheck::look_at_each() {
    left_ = parts_.file->map().unverified_from(SlotIndex(0), ~size_t{0});
    TaskGroup workers;
    for (uint32_t i = 0; i < threads_; ++i) workers.spawn(work());
    co_await workers.join();
}

Task<void> FileCheck::work() {
    while (!left_.empty() && !stopped_) {
        const BlockNumber block = left_.back();
        left_.pop_back();
        if (!parts_.file->unverified(block)) continue;
        const std::string key = parts_.names.of(block);
        const Result<net::ObjectMeta> meta = co_await parts_.store.head(key);
        if (meta.has_value() && meta->etag) {
            parts_.file->compare(block, meta->etag);
        } else if (!meta.has_value() && meta.error().code == Errc::NotFound) {
            parts_.file->compare(block, std::nullopt);
        }
    }
}

}  // namespace s3b
