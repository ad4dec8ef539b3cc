// SPDX-License-Identifier: Apache-2.0
#include "cache/dirty_queue.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b::cache {

void DirtyQueue::push(BlockNumber block, Instant due) {
    const bool added = queued_.emplace(block, next_ticket_).second;
    CHECK(added);
    waiting_.push_back({block, due, next_ticket_++});
}

void DirtyQueue::push_retry(BlockNumber block, Instant due) {
    const bool added = queued_.emplace(block, next_ticket_).second;
    CHECK(added);
    retries_.push({block, due, next_ticket_++});
}

void DirtyQueue::hurry(BlockNumber block) {
    const auto found = queued_.find(block);
    if (found == queued_.end()) return;
    found->second = next_ticket_;
    urgent_.push_back({block, Instant::min(), next_ticket_++});
}

void DirtyQueue::remove(BlockNumber block) { queued_.erase(block); }

bool DirtyQueue::stale(const Item& item) const {
    const auto found = queued_.find(item.block);
    return found == queued_.end() || found->second != item.ticket;
}

void DirtyQueue::drop_stale() {
    while (!urgent_.empty() && stale(urgent_.front())) urgent_.pop_front();
    while (!waiting_.empty() && stale(waiting_.front())) waiting_.pop_front();
    while (!retries_.empty() && stale(retries_.top())) retries_.pop();
}

BlockNumber DirtyQueue::take(const Item& item) {
    const BlockNumber block = item.block;
    queued_.erase(block);
    return block;
}

std::optional<BlockNumber> DirtyQueue::pop_hurried() {
    drop_stale();
    if (urgent_.empty()) return std::nullopt;
    return take(urgent_.front());
}

std::optional<BlockNumber> DirtyQueue::pop_due(Instant now, Duration earlier) {
    drop_stale();
    if (!urgent_.empty()) return take(urgent_.front());
    if (!waiting_.empty() && waiting_.front().due - earlier <= now) return take(waiting_.front());
    if (!retries_.empty() && retries_.top().due <= now) return take(retries_.top());
    return std::nullopt;
}

Instant DirtyQueue::next_due(Duration earlier) {
    drop_stale();
    if (!urgent_.empty()) return Instant::min();
    Instant next = kNever;
    if (!waiting_.empty()) next = waiting_.front().due - earlier;
    if (!retries_.empty()) next = std::min(next, retries_.top().due);
    return next;
}

}  // namespace s3b::cache
