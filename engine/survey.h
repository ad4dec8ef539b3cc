// SPDX-License-Identifier: Apache-2.0
// Finds out in the background which blocks have no object, so that they need no request to be read
// or to be zeroed (--listBlocks). Source: cache-and-consistency.md 5.2; command-line.md 5.2.
#pragma once

#include "cache/block_cache.h"
#include "engine/block_lister.h"
#include "engine/progress.h"

namespace s3b {

/// One survey. Belongs to the reactor's thread; all that it refers to outlives it.
class Survey final : private ListedBlocks {
public:
    Survey(cache::BlockCache& cache, net::ObjectStore& store, net::TransferScheduler& scheduler,
           const NameOrder& order, uint32_t threads);

    /// Tells the cache of all blocks without an object. A failure is logged; then nothing is known.
    /// Call it once.
    Task<void> run();
    /// run() ends after the pages under way; nothing is known then.
    void stop() { lister_.stop(); }

private:
    Task<Result<void>> take(const ListedPage& page) override;

    cache::BlockCache& cache_;
    BlockCount blocks_;
    BlockLister lister_;
    Progress progress_;
};

}  // namespace s3b
