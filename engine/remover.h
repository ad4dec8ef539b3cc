// SPDX-License-Identifier: Apache-2.0
// Deletes, behind the scenes, the objects of blocks that have become zeros. Where many lie in a row
// it lists which of them have an object at all.
// Source: cache-and-consistency.md 2.14, 7 (6, 9, 11), 8.3 (14).
#pragma once

#include <cstdint>
#include <vector>

#include "engine/block_deleter.h"
#include "engine/block_lister.h"
#include "engine/reactor/task_group.h"
#include "engine/volume_parts.h"

namespace s3b {

/// Belongs to the reactor's thread.
class Remover {
public:
    /// Claims under way at once. A bound of its own: a request for many blocks is heavy work for a
    /// store.
    static constexpr size_t kAtOnce = 4;
    /// Fewer blocks are deleted one by one.
    static constexpr size_t kLeastBatch = 4;
    /// So many blocks in a row (at most a chunk of Deletions) are listed first: that costs one
    /// request for each thousand objects there are, deletions one for each thousand blocks.
    static constexpr uint64_t kListFrom = 2000;
    /// Chunks of Deletions that are listed together at the most: twice as many each time that their
    /// objects stood on one page.
    static constexpr uint32_t kMostChunks = 1024;
    /// The pause before the next try after a failure: this, doubled with each up to the second.
    static constexpr Duration kFirstPause = std::chrono::milliseconds(500);
    static constexpr Duration kLastPause = std::chrono::seconds(10);
    /// Blocks that may not be deleted yet are looked at again after this or later.
    static constexpr Duration kLeastDelay = std::chrono::milliseconds(100);

    /// `waiting` is woken when deletions have ended.
    Remover(VolumeParts& parts, WaitQueue& waiting);

    /// Starts deletions that are due, as far as there are places; with Urgency::Flush only if
    /// somebody waits for them.
    void start(net::Urgency urgency);
    /// When start() will have something to do if nothing changes; kNever without free places.
    Instant next_due() const;
    /// Changes whenever deletions have ended.
    uint64_t ended() const { return ended_; }
    /// Failures so far.
    uint64_t failures() const { return failures_; }
    Task<void> join() { co_await tasks_.join(); }

private:
    class Listed;

    /// The deletions of one claim.
    struct Claim final : DeletedBlocks {
        Claim(Remover& r, cache::BlockRange b, net::Urgency u) : remover(r), range(b), urgency(u) {}
        void deleted(BlockNumber block) override;
        void failed(BlockNumber block, const Error& error) override;

        Remover& remover;
        cache::BlockRange range;
        net::Urgency urgency;
        std::vector<BlockNumber> failures;  // that wait for the end of the settle time
        bool unknown_outcome = false;
        bool failed_before = false;
        Instant again = kNever;  // when what is left of it may be tried
    };

    bool may_start() const;
    bool lists(const Claim& claim) const;
    Task<void> run(cache::BlockRange range, net::Urgency urgency);
    Task<void> delete_all(Claim& claim);
    Task<void> delete_listed(Claim& claim);
    std::vector<BlockNumber> next_batch(Claim& claim);
    bool wanted(BlockNumber block) const;
    std::vector<BlockNumber> certain(cache::BlockRange range);
    bool may_delete(Claim& claim, BlockNumber block);
    Task<bool> settle(Claim& claim);
    Instant pause_over();
    void notify();

    VolumeParts& parts_;
    WaitQueue& waiting_;
    BlockDeleter deleter_;
    TaskGroup tasks_;
    bool lists_ = true;        // the store can, as far as we know
    uint32_t run_chunks_ = 1;  // claimed at once where many blocks lie in a row
    size_t claims_ = 0;        // under way; a task may have ended at once and still be in tasks_
    bool stalled_ = false;     // all that waits is where a claim is under way
    uint64_t ended_ = 0;
    uint64_t failures_ = 0;
    uint32_t failures_in_a_row_ = 0;
};

}  // namespace s3b
