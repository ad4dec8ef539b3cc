// SPDX-License-Identifier: Apache-2.0
#include "engine/eraser.h"

#include "codec/text.h"
#include "engine/mount_token.h"

namespace s3b {

namespace {

Task<Result<void>> clear_token(const Erasure& erasure) {
    if (!erasure.has_token) co_return ok();
    MountToken token(erasure.store, erasure.names);
    co_return co_await token.clear();
}

}  // namespace

Eraser::Eraser(const Erasure& erasure)
    : erasure_(erasure),
      lister_(erasure.store, erasure.scheduler, NameOrder(erasure.names, erasure.blocks),
              {.ranges = erasure.list_ranges}),
      deleter_(erasure_.store, erasure_.scheduler, erasure_.names, 1) {}

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

Task<Result<void>> Eraser::take(const ListedPage& page) {
    std::vector<BlockNumber> blocks;
    blocks.reserve(page.blocks.size());
    for (const ListedBlock& listed : page.blocks) blocks.push_back(listed.block);
    co_await batches_.acquire();
    co_await deleter_.run(std::move(blocks), net::Urgency::WriteBack, *this);
    batches_.release();
    progress_->update(erased_, lister_.part_done());
    co_return ok();
}

void Eraser::deleted(BlockNumber) {
    ++erased_;
    progress_->update(erased_, lister_.part_done());
}

void Eraser::failed(BlockNumber block, const Error& error) {
    ++failed_;
    progress_->say("cannot delete block " + codec::to_hex8(block.value) + ": " + describe(error));
}

void Eraser::no_batches() { progress_->say("the store deletes no batches: one block at a time"); }

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
