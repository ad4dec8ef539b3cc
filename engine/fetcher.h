// SPDX-License-Identifier: Apache-2.0
// Downloads of blocks: at most one a block, into a slot of the cache; whoever needs the same block
// meanwhile waits for it. Source: cache-and-consistency.md 7 (1, 2, 8).
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "cache/range_set.h"
#include "engine/base/result.h"
#include "engine/reactor/task.h"
#include "engine/volume_parts.h"

namespace s3b {

/// Belongs to the reactor's thread.
class Fetcher {
public:
    explicit Fetcher(VolumeParts& parts)
        : parts_(parts), demanded_(demand_at_once(parts.geometry.block_size)) {}

    /// Downloads for somebody who waits are under way so many at once, those included that pause
    /// before a retry: a bound on their buffers.
    static uint32_t demand_at_once(ByteCount block_size);

    /// Bytes of a block that somebody wants as soon as the block is there.
    struct Wanted {
        cache::ByteRange range{0, 0};
        std::span<std::byte> out;  // as long as the range; empty: nothing is wanted

        Wanted() = default;
        Wanted(cache::ByteRange r, std::span<std::byte> o) : range(r), out(o) {}
    };

    /// Downloads `block` into `slot`, which cache.begin_fetch() gave for it, completes the bytes
    /// that were written meanwhile, installs the block and copies what is `wanted`. Errors: those
    /// of the store; the block is then as it was before.
    Task<Result<void>> fetch(BlockNumber block, SlotIndex slot, Wanted wanted, net::Ticket& ticket);
    /// The same, for somebody who waits.
    Task<Result<void>> fetch_now(BlockNumber block, SlotIndex slot, Wanted wanted);
    /// Waits for the download of `block` that is under way (CHECKed); ends as fetch() does.
    Task<Result<void>> join(BlockNumber block, Wanted wanted);

private:
    struct Joiner {
        Wanted wanted;
        Result<void> outcome;

        explicit Joiner(Wanted w) : wanted(w) {}
    };
    struct Download {
        std::vector<Joiner*> joiners;  // in their frames, as many as requests wait for the block
        WaitQueue ended;
        bool from_store = false;  // it brought bytes of an object
        bool from_file = false;   // those of the cache file
        ETag etag;                // of that
    };

    Task<Result<void>> obtain_on_demand(BlockNumber block, SlotIndex slot, net::Ticket& ticket);
    Task<Result<void>> obtain(BlockNumber block, SlotIndex slot, net::Ticket& ticket);
    Task<Result<void>> obtain_from_file(BlockNumber block, SlotIndex slot);
    Task<Result<void>> obtain_from_store(BlockNumber block, SlotIndex slot, net::Ticket& ticket);
    net::Precondition condition_of(BlockNumber block, Instant now) const;
    Task<Result<void>> decode(BlockNumber block, const net::ReadTarget& target,
                              const net::GetReply& reply, net::Urgency urgency);
    Result<void> install(BlockNumber block, SlotIndex slot, const Result<void>& obtained);
    void install_bytes(BlockNumber block, SlotIndex slot);
    void install_zeros(BlockNumber block);
    void tell_file(BlockNumber block, const Download& download);
    void deliver(BlockNumber block, const Wanted& wanted);

    VolumeParts& parts_;
    Semaphore demanded_;
    std::unordered_map<BlockNumber, Download*> downloads_;  // each in the frame of its fetch()
};

}  // namespace s3b
