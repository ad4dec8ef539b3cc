// SPDX-License-Identifier: Apache-2.0
#include "engine/fetcher.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/log.h"

namespace s3b {

namespace {

constexpr uint64_t kDemandBytes = uint64_t{512} << 20;

void log_undecodable(BlockNumber block, const net::GetReply& reply, const Error& error) {
    log::error("a block cannot be decoded", log::kv("block", block), log::kv("error", error),
               log::kv("length", reply.length), log::kv("encoding", reply.meta.content_encoding));
}

/// Whatever is wrong with a block, it is no fault of the request.
Error unreadable(const Error& error) {
    switch (error.code) {
        case Errc::Stale:
        case Errc::Unsupported: return {Errc::BadReply, error.what};
        default: return error;
    }
}

}  // namespace

Task<Result<void>> Fetcher::fetch_now(BlockNumber block, SlotIndex slot, Wanted wanted) {
    net::Ticket ticket(parts_.scheduler, net::Urgency::Demand);
    co_return co_await fetch(block, slot, wanted, ticket);
}

uint32_t Fetcher::demand_at_once(ByteCount block_size) {
    return static_cast<uint32_t>(std::clamp<uint64_t>(kDemandBytes / block_size.value, 32, 256));
}

Task<Result<void>> Fetcher::fetch(BlockNumber block, SlotIndex slot, Wanted wanted,
                                  net::Ticket& ticket) {
    Download download;
    const bool added = downloads_.emplace(block, &download).second;
    CHECK(added);
    const Result<void> obtained = co_await obtain_on_demand(block, slot, ticket);
    downloads_.erase(block);
    const Result<void> outcome = install(block, slot, obtained);
    if (outcome.has_value()) deliver(block, wanted);
    const bool in_cache = outcome.has_value() && download.from_file && !wanted.out.empty();
    if (in_cache) parts_.cache.count_miss_as_hit();
    for (Joiner* joiner : download.joiners) {
        joiner->outcome = outcome;
        if (!outcome.has_value() || joiner->wanted.out.empty()) continue;
        deliver(block, joiner->wanted);
        parts_.cache.count_joined_read();
    }
    parts_.cache.forget_clean(block);
    tell_file(block, download);
    download.ended.wake_all();
    parts_.room.changed();
    co_return outcome;
}

void Fetcher::tell_file(BlockNumber block, const Download& download) {
    if (!parts_.file) return;
    parts_.file->completed(block);
    const bool clean = parts_.cache.state(block) == cache::BlockState::Clean;
    if (download.from_store && clean) parts_.file->fetched(block, download.etag);
}

Task<Result<void>> Fetcher::obtain_on_demand(BlockNumber block, SlotIndex slot,
                                             net::Ticket& ticket) {
    if (ticket.urgency() != net::Urgency::Demand) co_return co_await obtain(block, slot, ticket);
    co_await demanded_.acquire();
    const Result<void> obtained = co_await obtain(block, slot, ticket);
    demanded_.release();
    co_return obtained;
}

/// Brings the bytes of `block` into `slot`; NotFound if there is no object.
Task<Result<void>> Fetcher::obtain(BlockNumber block, SlotIndex slot, net::Ticket& ticket) {
    if (parts_.cache.spilled(block)) co_return co_await obtain_from_file(block, slot);
    if (!parts_.file || !parts_.file->readable(block)) {
        co_return co_await obtain_from_store(block, slot, ticket);
    }
    if (!parts_.file->unverified(block)) {
        const Result<void> loaded = co_await obtain_from_file(block, slot);
        if (loaded.has_value() || parts_.cache.spilled(block)) co_return loaded;
        parts_.file->read_failed(block, loaded.error());
        co_return co_await obtain_from_store(block, slot, ticket);
    }
    const Result<void> obtained = co_await obtain_from_store(block, slot, ticket);
    if (!obtained.has_value() && obtained.error().code == Errc::Unchanged) {
        parts_.file->compare(block, parts_.file->unverified(block));
        co_return co_await obtain(block, slot, ticket);  // it may have left the file meanwhile
    }
    const bool other = obtained.has_value() || obtained.error().code == Errc::NotFound;
    if (other) parts_.file->compare(block, downloads_.at(block)->etag);
    co_return obtained;
}

Task<Result<void>> Fetcher::obtain_from_file(BlockNumber block, SlotIndex slot) {
    const Result<void> loaded = co_await parts_.file->read(block, parts_.slots.bytes(slot));
    downloads_.at(block)->from_file = loaded.has_value();
    co_return loaded;
}

/// Of a block of an older mount only another version than that of the file is of interest.
net::Precondition Fetcher::condition_of(BlockNumber block, Instant now) const {
    const ETag unverified = parts_.file ? parts_.file->unverified(block) : std::nullopt;
    if (unverified) return {net::Precondition::Kind::NoneMatch, *unverified};
    const ETag expected = parts_.written.expected(block, now);
    if (!expected) return {};
    return {net::Precondition::Kind::Match, *expected};
}

Task<Result<void>> Fetcher::obtain_from_store(BlockNumber block, SlotIndex slot,
                                              net::Ticket& ticket) {
    const Instant now = Scheduler::current().now();
    if (parts_.written.deleted(block, now)) {
        parts_.written.note_read(block);
        co_return Error(Errc::NotFound, "deleted by us");  // whatever the store may still show
    }
    const std::string key = parts_.names.of(block);
    ScratchPool::Scratch scratch = parts_.scratch.take();
    net::ReadTarget target(parts_.slots.bytes(slot), scratch.bytes());
    const ETag expected = parts_.written.expected(block, now);
    const net::Precondition condition = condition_of(block, now);
    target.must_exist = expected.has_value() || parts_.cache.must_exist(block);
    target.hmac_is_checked = true;
    for (;;) {
        const Result<net::GetReply> got =
            co_await parts_.store.get(key, target, condition, &ticket);
        if (!got.has_value()) {
            if (got.error().code == Errc::NotFound) ++parts_.counters.zero_blocks_read;
            co_return unreadable(got.error());
        }
        const net::GetReply& reply = *got;
        const Result<void> decoded = co_await decode(block, target, reply, ticket.urgency());
        if (decoded.has_value()) {
            Download& download = *downloads_.at(block);
            download.from_store = true;
            download.etag = reply.etag;
            co_return ok();
        }
        // Damaged on its way? The store looks after that, if it compares the checksum.
        const bool again = decoded.error().code == Errc::Unauthentic && target.hmac_is_checked;
        target.hmac_is_checked = false;
        if (again) continue;
        log_undecodable(block, reply, decoded.error());
        co_return unreadable(decoded.error());
    }
}

Task<Result<void>> Fetcher::decode(BlockNumber block, const net::ReadTarget& target,
                                   const net::GetReply& reply, net::Urgency urgency) {
    codec::Received received;
    received.body = (reply.encoded ? target.encoded : target.plain).first(reply.length.value);
    received.encoding = reply.meta.content_encoding;
    received.hmac = reply.meta.hmac;
    const auto work = [&codec = parts_.codec, block, received, into = target.plain] {
        return codec.decode(block, received, into);
    };
    const Duration time = parts_.codec.decoding_time(reply.length, reply.encoded);
    co_return co_await parts_.executor.run(work, net::priority_of(urgency), time);
}

Task<Result<void>> Fetcher::join(BlockNumber block, Wanted wanted) {
    const auto found = downloads_.find(block);
    CHECK(found != downloads_.end());
    Joiner joiner(wanted);
    found->second->joiners.push_back(&joiner);
    co_await found->second->ended.wait();
    co_return joiner.outcome;
}

Result<void> Fetcher::install(BlockNumber block, SlotIndex slot, const Result<void>& obtained) {
    if (obtained.has_value()) {
        install_bytes(block, slot);
        return ok();
    }
    if (obtained.error().code == Errc::NotFound) {
        install_zeros(block);
        return ok();
    }
    parts_.cache.fail_fetch(block, Scheduler::current().now());
    return obtained;
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
    cache.finish_fetch_absent(block, Scheduler::current().now());
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
