// SPDX-License-Identifier: Apache-2.0
#include "engine/remover.h"

#include <algorithm>

#include "engine/base/log.h"
#include "engine/name_order.h"
#include "engine/writeback.h"

namespace s3b {

/// Deletes those blocks of a claim that a list shows.
class Remover::Listed final : public ListedBlocks {
public:
    explicit Listed(Claim& claim) : claim_(claim) {}

    Task<Result<void>> take(const ListedPage& page) override {
        Remover& remover = claim_.remover;
        const cache::BlockRange range{page.begin, page.end - page.begin};
        std::vector<BlockNumber> blocks;
        for (const ListedBlock& listed : page.blocks) {
            if (remover.wanted(listed.block)) blocks.push_back(listed.block);
        }
        if (blocks.empty()) blocks = remover.certain(range);
        while (!blocks.empty()) {
            co_await remover.deleter_.run(std::move(blocks), claim_.urgency, claim_);
            const bool all = co_await remover.settle(claim_);
            if (!all) co_return Error(Errc::Io, "a deletion failed");
            blocks = remover.certain(range);
        }
        // The others of the page have no object.
        remover.parts_.cache.finish_deletions(range);
        remover.notify();
        co_return ok();
    }

private:
    Claim& claim_;
};

Remover::Remover(VolumeParts& parts, WaitQueue& waiting)
    : parts_(parts),
      waiting_(waiting),
      deleter_(parts.store, parts.scheduler, parts.names, kLeastBatch) {}

bool Remover::may_start() const { return claims_ < kAtOnce && !stalled_; }

Instant Remover::next_due() const {
    if (!may_start() || !parts_.scheduler.has_place(net::Urgency::WriteBack)) return kNever;
    return parts_.cache.next_deletion();
}

void Remover::start(net::Urgency urgency) {
    if (urgency == net::Urgency::Flush && !parts_.cache.deletions_awaited()) return;
    while (may_start() && parts_.scheduler.has_place(urgency)) {
        const Instant now = Scheduler::current().now();
        if (parts_.cache.next_deletion() > now) return;
        const auto range = parts_.cache.claim_deletions(now, kListFrom, run_chunks_);
        stalled_ = !range.has_value();
        if (range) tasks_.spawn(run(*range, urgency));
    }
}

Task<void> Remover::run(cache::BlockRange range, net::Urgency urgency) {
    ++claims_;
    while (parts_.file && parts_.file->holds_back(range)) {
        co_await parts_.file->changed();
    }
    Claim claim(*this, range, urgency);
    if (lists(claim)) {
        co_await delete_listed(claim);
    } else {
        co_await delete_all(claim);
    }
    if (claim.again != kNever) parts_.cache.retry_deletions(range, claim.again);
    parts_.cache.release_deletions(range);
    --claims_;
    stalled_ = false;
    notify();
}

/// Some deletions have ended.
void Remover::notify() {
    ++ended_;
    if (parts_.file) parts_.file->deletions_ended();
    waiting_.wake_all();
    parts_.background.wake_all();
}

/// Whether a block that is claimed still has to be deleted: it may have been written again.
bool Remover::wanted(BlockNumber block) const {
    return parts_.cache.deletions().under_way(block) &&
           parts_.cache.state(block) == cache::BlockState::Absent;
}

// ---- without a list

Task<void> Remover::delete_all(Claim& claim) {
    for (;;) {
        std::vector<BlockNumber> blocks = next_batch(claim);
        if (blocks.empty()) co_return;
        co_await deleter_.run(std::move(blocks), claim.urgency, claim);
        const bool all = co_await settle(claim);
        if (!all) co_return;
        notify();
    }
}

/// Those of the claim that are left and may be deleted now; the others wait in it.
std::vector<BlockNumber> Remover::next_batch(Claim& claim) {
    std::vector<BlockNumber> batch;
    for (const BlockNumber block :
         parts_.cache.deletions().claimed(claim.range, cache::Deletions::kChunk)) {
        if (batch.size() == BlockDeleter::kBatch) break;
        if (!wanted(block)) {
            parts_.cache.finish_deletion(block);  // its upload comes next
        } else if (may_delete(claim, block)) {
            if (parts_.written.on()) parts_.written.begin(block);
            batch.push_back(block);
        }
    }
    return batch;
}

bool Remover::may_delete(Claim& claim, BlockNumber block) {
    if (!parts_.written.on()) return true;
    const Instant now = Scheduler::current().now();
    Instant at = parts_.written.may_write_at(block);
    if (at <= now && parts_.written.has_room(block, now)) return true;
    if (at <= now) at = std::min(parts_.written.next_room(), now + std::chrono::seconds(1));
    claim.again = std::min(claim.again, std::max(at, now + kLeastDelay));
    return false;
}

// ---- with a list

/// Not where a list may show an old state, nor where a row of blocks is none of names.
bool Remover::lists(const Claim& claim) const {
    return lists_ && !parts_.written.on() && !parts_.names.with_hash() &&
           parts_.cache.deletions().count_claimed(claim.range) > kListFrom;
}

/// The next blocks that had an object, whatever the list says: some stores list late.
std::vector<BlockNumber> Remover::certain(cache::BlockRange range) {
    for (;;) {
        std::vector<BlockNumber> blocks =
            parts_.cache.deletions().certain(range, BlockDeleter::kBatch);
        const bool none = blocks.empty();
        std::erase_if(blocks, [this](BlockNumber block) {
            if (wanted(block)) return false;
            parts_.cache.finish_deletion(block);
            return true;
        });
        if (none || !blocks.empty()) return blocks;
    }
}

Task<void> Remover::delete_listed(Claim& claim) {
    BlockLister::Settings settings;
    settings.ranges = run_chunks_ == 1 ? static_cast<uint32_t>(kAtOnce) : 1;
    settings.urgency = claim.urgency;
    settings.begin = claim.range.first;
    settings.end = claim.range.end();
    BlockLister lister(parts_.store, parts_.scheduler,
                       NameOrder(parts_.names, parts_.geometry.blocks), settings);
    Listed listed(claim);
    const Result<void> outcome = co_await lister.run(listed);
    const bool sparse = lister.listed() <= BlockLister::kPageKeys;
    run_chunks_ = sparse ? std::min(2 * run_chunks_, kMostChunks) : 1;
    if (outcome.has_value() || claim.failed_before) co_return;
    lists_ = false;
    log::warn("cannot list which discarded blocks have objects, will delete each",
              log::kv("error", outcome.error()));
    co_await delete_all(claim);
}

// ---- outcomes

void Remover::Claim::deleted(BlockNumber block) {
    VolumeParts& parts = remover.parts_;
    if (parts.written.on()) parts.written.end_remove(block, Scheduler::current().now());
    parts.cache.finish_deletion(block);
    ++parts.counters.zero_blocks_written;
    remover.failures_in_a_row_ = 0;
}

void Remover::Claim::failed(BlockNumber block, const Error& error) {
    if (failures.empty()) {
        log::error("a discarded block could not be deleted, will retry", log::kv("block", block),
                   log::kv("error", error));
    }
    failures.push_back(block);
    unknown_outcome = unknown_outcome || error.code == Errc::OutcomeUnknown;
}

/// False if something failed: all that is left of the claim waits again then.
Task<bool> Remover::settle(Claim& claim) {
    if (claim.failures.empty()) co_return true;
    claim.failed_before = true;
    // The store may still carry out what it did not answer: nothing may overtake that.
    if (claim.unknown_outcome) {
        co_await sleep_for(Writeback::kSettleTime);
    }
    const Instant now = Scheduler::current().now();
    for (const BlockNumber block : claim.failures) {
        if (parts_.written.on()) parts_.written.end_failed(block, now);
    }
    claim.failures.clear();
    claim.again = pause_over();
    co_return false;
}

Instant Remover::pause_over() {
    ++failures_;
    const uint32_t doublings = std::min(failures_in_a_row_++, 16U);
    return Scheduler::current().now() +
           std::min<Duration>(kFirstPause * (1U << doublings), kLastPause);
}

}  // namespace s3b
