// SPDX-License-Identifier: Apache-2.0
#include "engine/block_lister.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/reactor/task_group.h"

namespace s3b {

BlockLister::BlockLister(net::ObjectStore& store, net::TransferScheduler& scheduler,
                         NameOrder order, const Settings& settings)
    : store_(store), scheduler_(scheduler), order_(std::move(order)), settings_(settings) {
    settings_.end = std::min(settings_.end, order_.end());
    CHECK(settings_.begin < settings_.end && settings_.ranges > 0 && settings_.page_keys > 0);
    const uint64_t names = settings_.end - settings_.begin;
    const uint64_t count = std::min<uint64_t>(settings_.ranges, names);
    ranges_.resize(static_cast<size_t>(count));
    for (uint64_t i = 0; i < count; ++i) {
        ranges_[i].next = settings_.begin + names * i / count;
        ranges_[i].end = settings_.begin + names * (i + 1) / count;
        ranges_[i].after = order_.before(ranges_[i].next);
    }
}

Task<Result<void>> BlockLister::run(ListedBlocks& blocks) {
    busy_ = ranges_.size();
    TaskGroup workers;
    for (size_t i = 0; i < ranges_.size(); ++i) workers.spawn(work(i, blocks));
    co_await workers.join();
    if (failure_) co_return *failure_;
    if (stopped_) co_return Error(Errc::Cancelled, "stopped");
    co_return ok();
}

void BlockLister::stop() {
    stopped_ = true;
    changed_.wake_all();
}

void BlockLister::fail(const Error& error) {
    if (!failure_) failure_ = error;
    changed_.wake_all();
}

double BlockLister::part_done() const {
    uint64_t left = 0;
    for (const Range& range : ranges_) left += range.left();
    return 1 - static_cast<double>(left) / static_cast<double>(settings_.end - settings_.begin);
}

Task<void> BlockLister::work(size_t worker, ListedBlocks& blocks) {
    Range& range = ranges_[worker];
    while (!over()) {
        co_await list_range(range, blocks);
        --busy_;
        if (busy_ == 0) changed_.wake_all();
        bool found = take_half(range);
        while (!found && busy_ > 0 && !over()) {
            co_await changed_.wait();
            found = take_half(range);
        }
        if (!found) co_return;
        ++busy_;
    }
}

Task<void> BlockLister::list_range(Range& range, ListedBlocks& blocks) {
    while (range.left() > 0 && !over()) {
        const Result<net::ListPage> page = co_await next_page(range);
        if (!page.has_value()) {
            fail(page.error());
            co_return;
        }
        const Result<ListedPage> found = take_in(range, *page);
        if (!found.has_value()) {
            fail(found.error());
            co_return;
        }
        listed_ += found->blocks.size();
        const Result<void> taken = co_await blocks.take(*found);
        if (!taken.has_value()) fail(taken.error());
    }
}

Task<Result<net::ListPage>> BlockLister::next_page(const Range& range) {
    net::Ticket ticket(scheduler_, settings_.urgency);
    net::ListRequest request;
    request.prefix = order_.prefix();
    request.after = range.after;
    request.max_keys = settings_.page_keys;
    co_return co_await store_.list(request, &ticket);
}

/// The blocks of a page, and where the next one begins.
Result<ListedPage> BlockLister::take_in(Range& range, const net::ListPage& page) {
    if (page.truncated && page.objects.empty()) return Error(Errc::BadReply, "an empty page");
    ListedPage found;
    found.begin = range.next;
    std::string_view last = range.after;
    for (const net::ListedObject& object : page.objects) {
        if (object.key <= last) return Error(Errc::BadReply, "a list that does not lead on");
        last = object.key;
        const auto block = order_.block_of(object.key);
        // What comes later was given to somebody else.
        if (block && order_.ordinal_of(object.key) < range.end) {
            found.blocks.push_back({*block, object.etag});
        }
    }
    const uint64_t next = page.truncated ? order_.next(last) : range.end;
    range.next = std::clamp(next, range.next, range.end);
    found.end = range.next;
    if (range.left() == 0) return found;
    // What cannot be a block is skipped, so that there are never more pages than blocks.
    range.after = std::max(std::string(last), order_.before(range.next));
    range.dense = true;
    changed_.wake_all();
    return found;
}

/// Takes over the second half of the longest range that others are at; false if none is worth it.
bool BlockLister::take_half(Range& into) {
    if (over()) return false;
    Range* longest = nullptr;
    for (Range& range : ranges_) {
        if (range.dense && (longest == nullptr || range.left() > longest->left())) longest = &range;
    }
    if (longest == nullptr) return false;
    // Two pages at least, as far as names can be told from ordinals.
    const double density =
        static_cast<double>(order_.blocks().value) / static_cast<double>(order_.end());
    if (static_cast<double>(longest->left()) * density < 2.0 * settings_.page_keys) return false;
    into.end = longest->end;
    into.next = longest->end - longest->left() / 2;
    into.after = order_.before(into.next);
    into.dense = false;
    longest->end = into.next;
    return true;
}

}  // namespace s3b
