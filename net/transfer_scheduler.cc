// SPDX-License-Identifier: Apache-2.0
#include "net/transfer_scheduler.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b::net {

namespace {
size_t index_of(Urgency urgency) { return static_cast<size_t>(urgency); }
}  // namespace

TransferScheduler::TransferScheduler(const TransferLimits& limits)
    : limits_(limits),
      free_(places_of(limits)),
      uploads_(limits.upload_rate),
      downloads_(limits.download_rate) {
    for (const uint32_t places : free_) CHECK(places > 0);
}

TransferScheduler::~TransferScheduler() { CHECK(free_ == places_of(limits_)); }

TransferScheduler::Places TransferScheduler::places_of(const TransferLimits& limits) {
    return {limits.demand, limits.read_ahead, limits.background, limits.listing};
}

TransferScheduler::Pool TransferScheduler::pool_of(Urgency urgency) {
    switch (urgency) {
        case Urgency::Demand: return kDemandPool;
        case Urgency::ReadAhead: return kReadAheadPool;
        case Urgency::Listing: return kListingPool;
        case Urgency::Flush:
        case Urgency::WriteBack: break;
    }
    return kBackgroundPool;
}

bool TransferScheduler::more_urgent_waits(Urgency urgency) const {
    for (size_t i = 0; i < index_of(urgency); ++i) {
        const bool same_places = pool_of(static_cast<Urgency>(i)) == pool_of(urgency);
        // The listing leaves everything to everybody.
        if (lines_[i].waiting > 0 && (same_places || urgency == Urgency::Listing)) return true;
    }
    return false;
}

bool TransferScheduler::turn_of(Urgency urgency) const {
    return free_[pool_of(urgency)] > 0 && !more_urgent_waits(urgency);
}

bool TransferScheduler::has_place(Urgency urgency) const {
    return turn_of(urgency) && lines_[index_of(urgency)].waiting == 0;
}

uint32_t TransferScheduler::under_way(Urgency urgency) const {
    const Pool pool = pool_of(urgency);
    return places_of(limits_)[pool] - free_[pool];
}

void TransferScheduler::on_free(Listener listener, void* context) {
    listener_ = listener;
    context_ = context;
}

void TransferScheduler::release(Urgency urgency) {
    const Pool pool = pool_of(urgency);
    ++free_[pool];
    wake_waiting();
    const bool for_volume = pool == kBackgroundPool || pool == kReadAheadPool;
    if (listener_ != nullptr && for_volume) listener_(context_);
}

void TransferScheduler::wake_waiting() {
    for (Line& line : lines_) line.changed.wake_all();
}

bool TransferScheduler::Ticket::try_take() {
    if (held_ || !scheduler_.has_place(urgency_)) return held_;
    --scheduler_.free_[pool_of(urgency_)];
    held_ = true;
    return true;
}

Task<void> TransferScheduler::Ticket::take() {
    if (try_take()) co_return;
    // A line has a head: the one that looks again when something has changed.
    Line& line = scheduler_.lines_[index_of(urgency_)];
    ++line.waiting;
    co_await line.head.acquire();
    while (!scheduler_.turn_of(urgency_)) {
        co_await line.changed.wait();
    }
    --line.waiting;
    --scheduler_.free_[pool_of(urgency_)];
    held_ = true;
    line.head.release();
    scheduler_.wake_waiting();
}

void TransferScheduler::Ticket::give_back() {
    if (!held_) return;
    held_ = false;
    scheduler_.release(urgency_);
}

Task<void> TransferScheduler::Ticket::pay_upload(ByteCount bytes) {
    co_await scheduler_.uploads_.pay(urgency_, bytes);
}

Task<void> TransferScheduler::Ticket::pay_download(ByteCount bytes) {
    co_await scheduler_.downloads_.pay(urgency_, bytes);
}

void TransferScheduler::Ticket::refund_download(ByteCount bytes) {
    scheduler_.downloads_.refund(bytes);
}

}  // namespace s3b::net
