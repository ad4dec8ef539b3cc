// SPDX-License-Identifier: Apache-2.0
#include "engine/held_uploads.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b {

bool HeldUploads::admit(BlockNumber block, bool awaited, Instant now) {
    const Instant at = written_.may_write_at(block);
    if (at > now) {
        const bool added = held_.emplace(block, Held{now, awaited}).second;
        CHECK(added);
        delayed_.push({at, next_ticket_++, block});
        return false;
    }
    if (!may_begin(block, now)) {
        wait_for_room(block, awaited, now);
        return false;
    }
    written_.begin(block);
    return true;
}

/// Who needs a new place in the table queues behind those who wait for one.
bool HeldUploads::may_begin(BlockNumber block, Instant now) {
    return written_.has_room(block, now) && (roomless_.empty() || written_.knows(block));
}

void HeldUploads::wait_for_room(BlockNumber block, bool awaited, Instant now) {
    const bool added = held_.emplace(block, Held{now, awaited}).second;
    CHECK(added);
    roomless_.push_back(block);
}

std::optional<BlockNumber> HeldUploads::pop_ready(Instant now, bool awaited_only) {
    auto block = pop_delayed(now, awaited_only);
    if (!block) block = pop_roomless(now, awaited_only);
    if (block) written_.begin(*block);
    return block;
}

std::optional<BlockNumber> HeldUploads::pop_delayed(Instant now, bool awaited_only) {
    while (!delayed_.empty() && delayed_.top().until <= now) {
        const BlockNumber block = delayed_.top().block;
        if (awaited_only && !held_.at(block).awaited) break;
        delayed_.pop();
        const Held held = release(block, now, delay_time_);
        if (may_begin(block, now)) return block;
        wait_for_room(block, held.awaited, now);  // it was forgotten meanwhile
    }
    return std::nullopt;
}

std::optional<BlockNumber> HeldUploads::pop_roomless(Instant now, bool awaited_only) {
    if (roomless_.empty()) return std::nullopt;
    const BlockNumber block = roomless_.front();
    if (awaited_only && !held_.at(block).awaited) return std::nullopt;
    if (!written_.has_room(block, now)) return std::nullopt;
    roomless_.pop_front();
    release(block, now, full_time_);
    return block;
}

HeldUploads::Held HeldUploads::release(BlockNumber block, Instant now, Duration& time) {
    const auto found = held_.find(block);
    const Held held = found->second;
    held_.erase(found);
    time += now - held.since;
    return held;
}

void HeldUploads::hurry(BlockNumber block) {
    const auto found = held_.find(block);
    if (found != held_.end()) found->second.awaited = true;
}

Instant HeldUploads::next_ready() {
    Instant next = delayed_.empty() ? kNever : delayed_.top().until;
    if (!roomless_.empty()) next = std::min(next, written_.next_room());
    return next;
}

}  // namespace s3b
