// SPDX-License-Identifier: Apache-2.0
// Deletes all blocks of a volume, then its mount token (--erase); or the token alone
// (--reset-mounted-flag). Source: command-line.md 6, 11 (14); wire-format.md 2.6, 8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/block_deleter.h"
#include "engine/block_lister.h"
#include "engine/progress.h"
#include "engine/prompt.h"
#include "engine/reactor/sync.h"

namespace s3b {

/// What is to be erased or reset. The references outlive it.
struct Erasure {
    net::ObjectStore& store;
    net::TransferScheduler& scheduler;  // with Eraser::kPlaces in the background at least
    Console& console;
    codec::ObjectNames names;
    BlockCount blocks;
    std::string description;    // of the store, for the operator
    uint32_t list_ranges = 16;  // pages of names under way at once
    bool has_token = true;      // directories have none
    bool force = false;         // do not ask
    bool quiet = false;         // say only what goes wrong

    Erasure(net::ObjectStore& s, net::TransferScheduler& t, Console& c, codec::ObjectNames n)
        : store(s), scheduler(t), console(c), names(std::move(n)) {}
};

/// One run. Belongs to the reactor's thread.
class Eraser final : private ListedBlocks, private DeletedBlocks {
public:
    static constexpr uint32_t kBatches = 4;  // of many blocks each, deleted at once
    static constexpr uint32_t kPlaces = kBatches + BlockDeleter::kSingles;

    explicit Eraser(const Erasure& erasure);

    /// Asks, deletes what the store lists, and removes the token last, and only if all else went
    /// well. True if it did. Says what went wrong; a block that cannot be deleted keeps the others
    /// from nothing.
    Task<bool> run();

private:
    Task<Result<void>> take(const ListedPage& page) override;
    void deleted(BlockNumber block) override;
    void failed(BlockNumber block, const Error& error) override;
    void no_batches() override;
    Task<bool> confirmed();
    Task<bool> finish(Result<void> listed);

    Erasure erasure_;
    BlockLister lister_;
    BlockDeleter deleter_;
    Semaphore batches_{kBatches};
    std::optional<ProgressBar> progress_;  // once confirmed
    uint64_t erased_ = 0;
    uint64_t failed_ = 0;
};

/// Removes the mount token. True if that succeeded; says so, or what went wrong.
Task<bool> reset_mounted_flag(const Erasure& erasure);

}  // namespace s3b
