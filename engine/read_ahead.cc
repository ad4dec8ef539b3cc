// SPDX-License-Identifier: Apache-2.0
#include "engine/read_ahead.h"

#include <algorithm>

#include "engine/base/log.h"

namespace s3b {

ReadAhead::ReadAhead(VolumeParts& parts, Fetcher& fetcher, uint32_t window, uint32_t trigger)
    : parts_(parts), fetcher_(fetcher), window_(window), trigger_(std::max(trigger, 1U)) {}

void ReadAhead::note_read(BlockNumber block) {
    if (last_ && block == *last_) return;
    if (last_ && last_->value != ~uint32_t{0} && block.value == last_->value + 1) {
        ++run_;
        if (ahead_ > 0) --ahead_;
    } else {
        run_ = 1;
        ahead_ = 0;
    }
    last_ = block;
}

void ReadAhead::start() {
    while (wanted() && parts_.scheduler.has_place(net::Urgency::ReadAhead)) {
        const uint64_t next = uint64_t{last_->value} + ahead_ + 1;
        if (next >= parts_.geometry.blocks.value) return;
        ++ahead_;
        const BlockNumber block(static_cast<uint32_t>(next));
        if (!parts_.cache.absent(block)) continue;
        // Clients go first: what they wait for is not given to blocks that nobody asked for.
        const bool may_take = !parts_.room.awaited();
        const auto slot = may_take
                              ? parts_.cache.begin_fetch(block, cache::BlockCache::Need::Client)
                              : std::nullopt;
        if (!slot) {
            run_ = 0;  // no room: the sequence has to prove itself anew
            return;
        }
        tasks_.spawn(fetch(block, *slot));
    }
}

Task<void> ReadAhead::fetch(BlockNumber block, SlotIndex slot) {
    net::Ticket ticket(parts_.scheduler, net::Urgency::ReadAhead);
    co_await ticket.take();
    const Result<void> fetched = co_await fetcher_.fetch(block, slot, Fetcher::Wanted(), ticket);
    ticket.give_back();
    if (!fetched.has_value()) {
        log::debug("read-ahead failed, the block is fetched when it is read",
                   log::kv("block", block), log::kv("error", fetched.error()));
    }
    parts_.background.wake_all();
}

Task<void> ReadAhead::stop() {
    window_ = 0;
    co_await tasks_.join();
}

}  // namespace s3b
