// SPDX-License-Identifier: Apache-2.0
#include "engine/eraser.h"

#include "codec/text.h"
#include "engine/mount_token.h"
#include "engine/reactor/task_group.h"

namespace s3b {

namespace {

Task<Result<void>> clear_token(const Erasure& erasure) {
    if (!erasure.has_token) co_return ok();
    MountToken token(erasure.store, erasure.names);
    co_return co_await token.clear();
}

/// Whether the store answers batches, but does not carry them out: single deletions may do better.
bool refuses_batches(Errc code) {
    return code == Errc::Unsupported || code == Errc::Refused || code == Errc::ServerError ||
           code == Errc::BadReply;
}

}  // namespace

Eraser::Eraser(const Erasure& erasure)
    : erasure_(erasure),
      lister_(erasure.store, erasure.scheduler, NameOrder(erasure.names, erasure.blocks),
              erasure.list_ranges) {}

Task<bool> Eraser::run() {
    const bool may_begin = co_await confirmed();
    if (!may_begin) co_return false;
    progress_.emplace(erasure_.console, "erasing non-zero blocks", !erasure_.quiet);
    Result<void> listed = co_await lister_.run(*this);
    progress_->finish();
    co_return co_await finish(listed);
}

Task<bool> Eraser::confirmed() {
    Console& console = erasure_.console;
    if (erasure_.force) co_return true;
    console.say("all blocks of " + erasure_.description + " will be erased");
    const bool yes = co_await confirm(console);
    if (!yes) console.say("not confirmed");
    co_return yes;
}

Task<Result<void>> Eraser::take(const std::vector<ListedBlock>& page) {
    if (page.empty()) co_return ok();
    co_await batches_.acquire();
    std::vector<BlockNumber> left = co_await erase_batch(page);
    co_await erase_singly(std::move(left));
    batches_.release();
    progress_->update(erased_, lister_.part_done());
    co_return ok();
}

/// Deletes the blocks in one go; yields those that are left to be deleted one by one.
Task<std::vector<BlockNumber>> Eraser::erase_batch(const std::vector<ListedBlock>& page) {
    std::vector<BlockNumber> left;
    left.reserve(page.size());
    for (const ListedBlock& listed : page) left.push_back(listed.block);
    if (!takes_batches_) co_return left;
    std::vector<std::string> keys;
    keys.reserve(left.size());
    for (const BlockNumber block : left) keys.push_back(erasure_.names.of(block));
    net::Ticket ticket(erasure_.scheduler, net::Urgency::WriteBack);
    const auto answer = co_await erasure_.store.remove_many(keys, &ticket);
    if (!answer.has_value() && refuses_batches(answer.error().code)) {
        if (takes_batches_) progress_->say("the store deletes no batches: one block at a time");
        takes_batches_ = false;
        co_return left;
    }
    if (!answer.has_value()) {
        for (const BlockNumber block : left) failed(block, answer.error());
        co_return std::vector<BlockNumber>();
    }
    left.clear();
    for (const std::string& key : *answer) {
        if (const auto block = erasure_.names.parse(key)) left.push_back(*block);
    }
    erased_ += page.size() - left.size();
    co_return left;
}

Task<void> Eraser::erase_singly(std::vector<BlockNumber> blocks) {
    TaskGroup group;
    for (size_t i = 0; i < blocks.size(); ++i) {
        co_await singles_.acquire();
        group.spawn(erase_one(blocks[i]));
    }
    co_await group.join();
}

Task<void> Eraser::erase_one(BlockNumber block) {
    net::Ticket ticket(erasure_.scheduler, net::Urgency::WriteBack);
    const std::string key = erasure_.names.of(block);
    const Result<void> removed = co_await erasure_.store.remove(key, &ticket);
    ticket.give_back();
    singles_.release();
    if (removed.has_value()) {
        ++erased_;
    } else {
        failed(block, removed.error());
    }
    progress_->update(erased_, lister_.part_done());
}

void Eraser::failed(BlockNumber block, const Error& error) {
    ++failed_;
    progress_->say("cannot delete block " + codec::to_hex8(block.value) + ": " + describe(error));
}

Task<bool> Eraser::finish(Result<void> outcome) {
    Console& console = erasure_.console;
    const char* what = "cannot list the blocks: ";
    if (outcome.has_value()) {
        what = "cannot make the deletions safe: ";
        outcome = co_await erasure_.store.flush();
    }
    if (outcome.has_value() && failed_ == 0) {
        what = "cannot remove the mount token: ";
        outcome = co_await clear_token(erasure_);
    }
    if (!outcome.has_value()) console.say(what + describe(outcome.error()));
    if (failed_ > 0) {
        console.say(std::to_string(failed_) + " blocks could not be deleted" +
                    (erasure_.has_token ? ", the mount token stays" : ""));
    }
    const bool all = outcome.has_value() && failed_ == 0;
    if (!erasure_.quiet || !all) {
        console.say("erased " + std::to_string(erased_) + " non-zero blocks");
    }
    co_return all;
}

Task<bool> reset_mounted_flag(const Erasure& erasure) {
    Console& console = erasure.console;
    if (!erasure.quiet) console.say("resetting mount token for " + erasure.description);
    const Result<void> cleared = co_await clear_token(erasure);
    if (!cleared.has_value()) {
        console.say("cannot remove the mount token: " + describe(cleared.error()));
        co_return false;
    }
    if (!erasure.quiet) console.say("done");
    co_return true;
}

}  // namespace s3b
