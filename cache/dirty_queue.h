// SPDX-License-Identifier: Apache-2.0
// When each dirty block is written back: in the order in which they became dirty, not before its
// delay is over; failed ones after a pause; hurried ones first. Holds numbers and times only.
// Source: cache-and-consistency.md 2.4, 7 (6).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "engine/base/types.h"

namespace s3b::cache {

/// Dirty blocks that wait. No I/O and no clock of its own. Belongs to the reactor.
class DirtyQueue {
public:
    /// Queues `block` for `due`. The dues of successive calls must not fall (they are "now + the
    /// same delay"). `block` must not be queued. O(1).
    void push(BlockNumber block, Instant due);
    /// Queues `block`, whose upload failed, for `due`: any time. O(log n).
    void push_retry(BlockNumber block, Instant due);
    /// Makes a queued block due at once; no effect on others. O(1).
    void hurry(BlockNumber block);
    /// Takes `block` out of the queue if it is in it. O(1).
    void remove(BlockNumber block);
    /// Removes and returns the first block that is due: hurried ones, then those pushed with
    /// `due - earlier <= now`, then retries with `due <= now`. Amortised O(1).
    std::optional<BlockNumber> pop_due(Instant now, Duration earlier);
    /// Removes and returns the first hurried block. Amortised O(1).
    std::optional<BlockNumber> pop_hurried();
    /// When pop_due will have something if nothing changes; kNever if the queue is empty.
    Instant next_due(Duration earlier);
    size_t size() const { return queued_.size(); }

private:
    struct Item {
        BlockNumber block;
        Instant due;
        uint64_t ticket;
        bool operator>(const Item& other) const {
            return due != other.due ? due > other.due : ticket > other.ticket;
        }
    };
    /// An item is stale if its block was removed or queued anew.
    bool stale(const Item& item) const;
    void drop_stale();
    BlockNumber take(const Item& item);

    std::unordered_map<BlockNumber, uint64_t> queued_;  // block -> ticket of its valid item
    std::deque<Item> urgent_;
    std::deque<Item> waiting_;
    std::priority_queue<Item, std::vector<Item>, std::greater<>> retries_;
    uint64_t next_ticket_ = 0;
};

}  // namespace s3b::cache
