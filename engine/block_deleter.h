// SPDX-License-Identifier: Apache-2.0
// Deletes the objects of blocks: many with one request where the store can, else several requests
// at once. Source: wire-format.md 2.4, 2.6.
#pragma once

#include <vector>

#include "codec/object_name.h"
#include "engine/base/result.h"
#include "engine/reactor/sync.h"
#include "net/object_store.h"

namespace s3b {

/// Who is told of the deletions, one call for each block.
class DeletedBlocks {
public:
    virtual ~DeletedBlocks() = default;
    /// There is no object any more.
    virtual void deleted(BlockNumber block) = 0;
    virtual void failed(BlockNumber block, const Error& error) = 0;
    /// The store takes no requests for many: each block is deleted by itself from now on.
    virtual void no_batches() {}
};

/// Belongs to the reactor's thread; all that it refers to outlives it.
class BlockDeleter {
public:
    static constexpr size_t kBatch = 1000;    // blocks of one request
    static constexpr uint32_t kSingles = 25;  // deleted at once where there are no batches

    /// Fewer blocks than `least_batch` are deleted one by one in any case.
    BlockDeleter(net::ObjectStore& store, net::TransferScheduler& scheduler,
                 const codec::ObjectNames& names, size_t least_batch)
        : store_(store), scheduler_(scheduler), names_(names), least_batch_(least_batch) {}

    /// Ends when `told` knows of each of the blocks, kBatch at the most. May run several times at
    /// once, for different blocks.
    Task<void> run(std::vector<BlockNumber> blocks, net::Urgency urgency, DeletedBlocks& told);

private:
    Task<std::vector<BlockNumber>> run_batch(std::vector<BlockNumber> blocks, net::Urgency urgency,
                                             DeletedBlocks& told);
    Task<void> run_one(BlockNumber block, net::Urgency urgency, DeletedBlocks& told);

    net::ObjectStore& store_;
    net::TransferScheduler& scheduler_;
    const codec::ObjectNames& names_;
    size_t least_batch_;
    Semaphore singles_{kSingles};
    bool takes_batches_ = true;  // as far as we know
};

}  // namespace s3b
