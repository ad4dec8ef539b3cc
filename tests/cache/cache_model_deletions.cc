// SPDX-License-Identifier: Apache-2.0
// Discards and deletions of CacheModel.
#include "tests/cache/cache_model.h"

namespace s3b::cache {

using std::chrono::milliseconds;

/// A range of blocks.
void CacheModel::discard() {
    const uint32_t first = random_.below(kBlocks);
    const uint32_t end = first + 1 + random_.below(kBlocks - first);
    for (uint32_t n = first; n < end; ++n) discard_one(n);
    cache_.discard(BlockRange{first, end - first}, now_);
    for (uint32_t n = first; n < end; ++n) {
        Block& block = blocks_[n];
        block.truth = Bytes{};
        block.loose = true;
        if (block.oldest_unstored == 0) block.oldest_unstored = cache_.version();
        if (block.since_begin_put == 0) block.since_begin_put = cache_.version();
    }
}

/// What it counts, and what leaves the cache.
void CacheModel::discard_one(uint32_t n) {
    const bool clean = state(n) == BlockState::Clean;
    const bool absent = state(n) == BlockState::Absent;
    ++(absent ? counted_.write_misses : counted_.write_hits);
    if (absent && !cache_.absent(number(n))) ++counted_.zero_write_hits;
    if (clean && ahead_.erase(n) > 0) ++counted_.unused_blocks;
    if (clean) forget(n);
}

/// Begins a claim, or goes on with it.
void CacheModel::delete_some(bool may_fail) {
    if (!claim_) {
        const bool due = cache_.next_deletion() <= now_;
        claim_ = cache_.claim_deletions(now_, random_.below(10), 1 + random_.below(3));
        expect(claim_.has_value() == due, "next_deletion tells when there is something to claim");
        return;
    }
    if (may_fail && random_.one_in(10)) {
        cache_.retry_deletions(*claim_, now_ + milliseconds(random_.below(50)));
    }
    const std::vector<BlockNumber> left = cache_.deletions().claimed(*claim_, kBlocks);
    if (left.empty()) {
        cache_.release_deletions(*claim_);
        claim_.reset();
    } else {
        end_deletion(left[random_.below(static_cast<uint32_t>(left.size()))].value, may_fail);
    }
}

void CacheModel::end_deletion(uint32_t n, bool may_fail) {
    const auto upload = uploads_.find(n);
    expect(upload == uploads_.end() || !upload->second.sending, "nothing overtakes a deletion");
    const bool fails = may_fail && random_.one_in(4);
    // A deletion whose answer was lost may have taken effect.
    if (!fails || random_.one_in(2)) blocks_[n].stored.reset();
    if (fails) {
        cache_.retry_deletion(number(n), now_ + milliseconds(random_.below(50)));
    } else if (random_.one_in(2)) {
        cache_.finish_deletion(number(n));
    } else {
        cache_.finish_deletions({n, 1});
    }
}

/// Blocks that wait for their deletion have the version of the chunk; those that do so no more, and
/// were not written since, are stored.
void CacheModel::notice_deletions() {
    for (uint32_t n = 0; n < kBlocks; ++n) {
        Block& block = blocks_[n];
        const Deletions& deletions = cache_.deletions();
        if (deletions.waits(number(n)) || deletions.under_way(number(n))) {
            block.loose = true;
        } else if (state(n) == BlockState::Absent || state(n) == BlockState::Reading) {
            block.oldest_unstored = 0;
        }
        if (block.oldest_unstored == 0) block.loose = false;
    }
}

}  // namespace s3b::cache
