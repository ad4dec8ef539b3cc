// SPDX-License-Identifier: Apache-2.0
#include "engine/block_deleter.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/reactor/task_group.h"

namespace s3b {

namespace {

/// Whether the store answers batches, but does not carry them out: single deletions may do better.
bool refuses_batches(Errc code) {
    return code == Errc::Unsupported || code == Errc::Refused || code == Errc::ServerError ||
           code == Errc::BadReply;
}

}  // namespace

Task<void> BlockDeleter::run(std::vector<BlockNumber> blocks, net::Urgency urgency,
                             DeletedBlocks& told) {
    CHECK(blocks.size() <= kBatch);
    std::vector<BlockNumber> left = co_await run_batch(std::move(blocks), urgency, told);
    TaskGroup group;
    for (size_t i = 0; i < left.size(); ++i) {
        co_await singles_.acquire();
        group.spawn(run_one(left[i], urgency, told));
    }
    co_await group.join();
}

/// Yields those that are left to be deleted one by one.
Task<std::vector<BlockNumber>> BlockDeleter::run_batch(std::vector<BlockNumber> blocks,
                                                       net::Urgency urgency, DeletedBlocks& told) {
    if (!takes_batches_ || blocks.size() < least_batch_) co_return blocks;
    std::vector<std::string> keys;
    keys.reserve(blocks.size());
    for (const BlockNumber block : blocks) keys.push_back(names_.of(block));
    net::Ticket ticket(scheduler_, urgency);
    const auto answer = co_await store_.remove_many(keys, &ticket);
    if (!answer.has_value() && refuses_batches(answer.error().code)) {
        if (takes_batches_) told.no_batches();
        takes_batches_ = false;
        co_return blocks;
    }
    if (!answer.has_value()) {
        for (const BlockNumber block : blocks) told.failed(block, answer.error());
        co_return std::vector<BlockNumber>();
    }
    std::vector<BlockNumber> left;
    for (const std::string& key : *answer) {
        if (const auto block = names_.parse(key)) left.push_back(*block);
    }
    std::ranges::sort(left);
    for (const BlockNumber block : blocks) {
        if (!std::ranges::binary_search(left, block)) told.deleted(block);
    }
    co_return left;
}

Task<void> BlockDeleter::run_one(BlockNumber block, net::Urgency urgency, DeletedBlocks& told) {
    net::Ticket ticket(scheduler_, urgency);
    const std::string key = names_.of(block);
    const Result<void> removed = co_await store_.remove(key, &ticket);
    ticket.give_back();
    singles_.release();
    if (removed.has_value()) {
        told.deleted(block);
    } else {
        told.failed(block, removed.error());
    }
}

}  // namespace s3b
