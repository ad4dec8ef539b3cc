// SPDX-License-Identifier: Apache-2.0
#include "engine/fetcher.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/log.h"

namespace s3b {

namespace {

net::Precondition no_condition() { return net::Precondition(); }

/// Whether `reply` can be a block of `size` bytes.
Result<void> judge(BlockNumber block, const net::GetReply& reply, ByteCount size) {
    if (!reply.meta.content_encoding.empty()) {
        log::error("a block is compressed or encrypted, which this version cannot read",
                   log::kv("block", block), log::kv("encoding", reply.meta.content_encoding));
        return Error(Errc::BadReply, "unsupported content encoding");
    }
    if (reply.length != size) {
        log::error("a block has the wrong length, check --blockSize", log::kv("block", block),
                   log::kv("length", reply.length), log::kv("expected", size));
        return Error(Errc::BadReply, "block of the wrong length");
    }
    return ok();
}

}  // namespace

Task<Result<void>> Fetcher::fetch_now(BlockNumber block, SlotIndex slot, Wanted wanted) {
    net::Ticket ticket(parts_.scheduler, net::Urgency::Demand);
    co_return co_await fetch(block, slot, wanted, ticket);
}

Task<Result<void>> Fetcher::fetch(BlockNumber block, SlotIndex slot, Wanted wanted,
                                  net::Ticket& ticket) {
    Download download;
    const bool added = downloads_.emplace(block, &download).second;
    CHECK(added);
    const std::string key = parts_.names.of(block);
    const Result<net::GetReply> reply =
        co_await parts_.store.get(key, parts_.slots.bytes(slot), no_condition(), &ticket);
    downloads_.erase(block);
    const Result<void> outcome = install(block, slot, reply);
    if (outcome.has_value()) deliver(block, wanted);
    for (Joiner* joiner : download.joiners) {
        joiner->outcome = outcome;
        if (!outcome.has_value() || joiner->wanted.out.empty()) continue;
        deliver(block, joiner->wanted);
        parts_.cache.count_joined_read();
    }
    parts_.cache.forget_clean(block);
    download.ended.wake_all();
    parts_.room.changed();
    co_return outcome;
}

Task<Result<void>> Fetcher::join(BlockNumber block, Wanted wanted) {
    const auto found = downloads_.find(block);
    CHECK(found != downloads_.end());
    Joiner joiner(wanted);
    found->second->joiners.push_back(&joiner);
    co_await found->second->ended.wait();
    co_return joiner.outcome;
}

Result<void> Fetcher::install(BlockNumber block, SlotIndex slot,
                              const Result<net::GetReply>& reply) {
    if (!reply.has_value() && reply.error().code == Errc::NotFound) {
        install_zeros(block);
        return ok();
    }
    Result<void> usable = reply.has_value() ? judge(block, *reply, parts_.geometry.block_size)
                                            : Result<void>(reply.error());
    if (usable.has_value()) {
        install_bytes(block, slot);
    } else {
        parts_.cache.fail_fetch(block);
    }
    return usable;
}

void Fetcher::install_bytes(BlockNumber block, SlotIndex slot) {
    cache::BlockCache& cache = parts_.cache;
    if (const auto target = cache.fill_target(block)) {
        const std::span<const std::byte> from = parts_.slots.bytes(slot);
        const std::span<std::byte> into = parts_.slots.bytes(*target);
        for (const cache::ByteRange gap : cache.gaps(block)) {
            std::ranges::copy(from.subspan(gap.begin, gap.end - gap.begin),
                              into.subspan(gap.begin).begin());
        }
    }
    cache.finish_fetch(block, Scheduler::current().now());
    ++parts_.counters.blocks_read;
}

void Fetcher::install_zeros(BlockNumber block) {
    cache::BlockCache& cache = parts_.cache;
    if (const auto target = cache.fill_target(block)) {
        const std::span<std::byte> into = parts_.slots.bytes(*target);
        for (const cache::ByteRange gap : cache.gaps(block)) {
            std::ranges::fill(into.subspan(gap.begin, gap.end - gap.begin), std::byte{0});
        }
    }
    cache.finish_fetch_absent(block);
    ++parts_.counters.zero_blocks_read;
}

void Fetcher::deliver(BlockNumber block, const Wanted& wanted) {
    if (wanted.out.empty()) return;
    const auto slot = parts_.cache.table().find(block);
    if (slot) {
        const auto from = parts_.slots.bytes(*slot).subspan(wanted.range.begin, wanted.out.size());
        std::ranges::copy(from, wanted.out.begin());
    } else {
        std::ranges::fill(wanted.out, std::byte{0});
    }
}

}  // namespace s3b
