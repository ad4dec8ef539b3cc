// SPDX-License-Identifier: Apache-2.0
#include "engine/writeback.h"

#include <algorithm>
#include <vector>

#include "codec/zeros.h"
#include "engine/base/check.h"
#include "engine/base/log.h"

namespace s3b {

bool Writeback::may_start(net::Urgency urgency) {
    if (abandoned_) return false;
    if (tasks_.running() >= at_once_) return false;
    if (parts_.scheduler.has_place(urgency)) return true;
    const size_t places = parts_.scheduler.limits().background;
    const size_t ahead = tasks_.running() - std::min(tasks_.running(), places);
    if (ahead < kFewEncoded) encoding_ahead_ = true;
    if (ahead >= kEncodedAhead) encoding_ahead_ = false;
    return encoding_ahead_;
}

void Writeback::start(net::Urgency urgency) {
    if (!abandoned_) remover_.start(urgency);
    while (may_start(urgency)) {
        const Instant now = Scheduler::current().now();
        if (const auto frozen = parts_.cache.begin_frozen(now)) {
            tasks_.spawn(upload_frozen(*frozen, urgency));
            continue;
        }
        const auto block = next_block(urgency, now);
        if (!block) return;
        tasks_.spawn(upload(*block, urgency));
    }
}

std::optional<BlockNumber> Writeback::next_block(net::Urgency urgency, Instant now) {
    const bool awaited_only = urgency == net::Urgency::Flush;
    if (const auto ready = held_.pop_ready(now, awaited_only)) return ready;
    if (const auto parked = parts_.cache.pop_parked()) return parked;
    for (;;) {
        auto block = take_unblocked();
        if (!block)
            block = awaited_only ? parts_.cache.pop_awaited(now) : parts_.cache.pop_due(now);
        if (!block) return std::nullopt;
        if (parts_.cache.deletions().under_way(*block)) {
            blocked_.push_back(*block);
        } else if (!parts_.cache.may_send(*block)) {
            parts_.cache.park(*block);
        } else if (held_.admit(*block, awaited_only, now)) {
            return block;
        }
    }
}

/// A block that had to wait for the deletion of its earlier object, which has ended.
std::optional<BlockNumber> Writeback::take_unblocked() {
    if (blocked_.empty() || deletions_seen_ == remover_.ended()) return std::nullopt;
    const auto found = std::ranges::find_if(
        blocked_, [this](BlockNumber block) { return !parts_.cache.deletions().under_way(block); });
    if (found == blocked_.end()) {
        deletions_seen_ = remover_.ended();
        return std::nullopt;
    }
    const BlockNumber block = *found;
    *found = blocked_.back();
    blocked_.pop_back();
    return block;
}

Instant Writeback::next_due() {
    if (!may_start(net::Urgency::WriteBack)) return remover_.next_due();
    const Instant now = Scheduler::current().now();
    return std::min({parts_.cache.next_due(now), parts_.cache.next_frozen(now), held_.next_ready(),
                     remover_.next_due()});
}

Task<void> Writeback::upload(BlockNumber block, net::Urgency urgency) {
    net::Ticket ticket(parts_.scheduler, urgency);
    const Result<void> outcome = co_await complete_and_send(block, ticket);
    if (!outcome.has_value()) {
        const Duration pause = pause_after_failure(block, outcome.error());
        const Instant now = Scheduler::current().now();
        parts_.cache.fail_put(block, now, now + pause);
    }
    end_upload(ticket);
}

Task<void> Writeback::upload_frozen(cache::FrozenBlock frozen, net::Urgency urgency) {
    net::Ticket ticket(parts_.scheduler, urgency);
    const Result<void> outcome = co_await send_frozen(frozen, ticket);
    if (outcome.has_value()) {
        parts_.cache.finish_frozen(frozen.block);
        ++parts_.counters.blocks_written;
    } else {
        const Duration pause = pause_after_failure(frozen.block, outcome.error());
        parts_.cache.fail_frozen(frozen.block, Scheduler::current().now() + pause);
    }
    end_upload(ticket);
}

void Writeback::end_upload(net::Ticket& ticket) {
    ticket.give_back();
    parts_.room.changed();
    ended_.wake_all();
    parts_.background.wake_all();
}

Task<Result<void>> Writeback::send_frozen(cache::FrozenBlock frozen, net::Ticket& ticket) {
    while (parts_.file && parts_.file->holds_back({frozen.block.value, 1})) {
        co_await parts_.file->changed();
    }
    const auto bytes = parts_.frozen.bytes(frozen.buffer);
    const Result<ETag> sent = co_await put(frozen.block, bytes, ticket);
    if (sent.has_value()) co_return ok();
    if (sent.error().code == Errc::OutcomeUnknown) {
        co_await sleep_for(kSettleTime);
    }
    co_return sent.error();
}

Task<Result<void>> Writeback::complete_and_send(BlockNumber block, net::Ticket& ticket) {
    const Result<void> completed = co_await complete(block, ticket);
    while (parts_.file && parts_.file->holds_back({block.value, 1})) {
        co_await parts_.file->changed();
    }
    const Instant now = Scheduler::current().now();
    const bool its_turn = parts_.cache.may_send(block);  // it may have been written again
    if (completed.has_value() && its_turn && !became_zeros(block, now)) {
        co_return co_await send(block, ticket);
    }
    if (completed.has_value() && !its_turn) parts_.cache.put_back(block, now);
    parts_.written.cancel(block);
    co_return completed;
}

/// Whether there is nothing to send: by a discard, or as all its bytes were written as zeros.
bool Writeback::became_zeros(BlockNumber block, Instant now) {
    const auto slot = parts_.cache.table().find(block);
    const bool all_zero = slot && codec::all_zero(parts_.slots.bytes(*slot));
    const bool zeros = parts_.cache.settle_zeros(block, all_zero, now);
    if (zeros && parts_.file) parts_.file->zeroed({block.value, 1});
    return zeros;
}

/// Fetches what is missing of a partly written block.
Task<Result<void>> Writeback::complete(BlockNumber block, net::Ticket& ticket) {
    using cache::BlockState;
    for (;;) {
        const BlockState state = parts_.cache.state(block);
        if (state == BlockState::Filling) {
            CO_TRY_VOID(co_await fetcher_.join(block, Fetcher::Wanted()));
        } else if (state == BlockState::Partial) {
            const auto slot = parts_.cache.begin_fetch(block, cache::BlockCache::Need::Upload,
                                                       Scheduler::current().now());
            // The reserve has one for each upload.
            if (!slot) co_return Error(Errc::NoSpace, "no slot to complete a block in");
            CO_TRY_VOID(co_await fetcher_.fetch(block, *slot, Fetcher::Wanted(), ticket));
        } else {
            CHECK(state == BlockState::Dirty);
            co_return ok();
        }
    }
}

Task<Result<void>> Writeback::send(BlockNumber block, net::Ticket& ticket) {
    const SlotIndex slot = parts_.cache.begin_put(block);
    const Result<void> sent = co_await send_bytes(block, parts_.slots.bytes(slot), ticket);
    if (sent.has_value()) co_return ok();
    // The store may still carry out what it did not answer: nothing may overtake that.
    if (sent.error().code == Errc::OutcomeUnknown) {
        co_await sleep_for(kSettleTime);
    }
    parts_.written.end_failed(block, Scheduler::current().now());
    co_return sent;
}

Task<Result<void>> Writeback::send_bytes(BlockNumber block, std::span<const std::byte> bytes,
                                         net::Ticket& ticket) {
    CO_TRY(const ETag etag, co_await put(block, bytes, ticket));
    const Instant now = Scheduler::current().now();
    note_etag(etag);
    parts_.written.end_put(block, etag, now);
    parts_.cache.finish_put(block, now);
    if (parts_.file) parts_.file->stored(block, etag);
    ++parts_.counters.blocks_written;
    co_return ok();
}

void Writeback::note_etag(const ETag& etag) {
    if (etag || missing_etag_logged_ || !parts_.written.on()) return;
    missing_etag_logged_ = true;
    log::warn("the store gives no ETag of the usual form: reads after writes cannot be checked");
}

/// `bytes` are pinned and do not change, so any thread may read them.
Task<codec::Encoded> Writeback::encode(BlockNumber block, std::span<const std::byte> bytes,
                                       std::span<std::byte> scratch) {
    codec::BlockCodec& codec = parts_.codec;
    if (!codec.sends_as_is()) {
        const auto work = [&codec, block, bytes, scratch] {
            return codec.encode(block, bytes, scratch);
        };
        co_return co_await parts_.executor.run(work, Executor::Priority::Normal,
                                               codec.encoding_time());
    }
    const net::Digester::Digests digests = co_await digester_.of(bytes, Executor::Priority::Normal);
    codec::Encoded encoded;
    encoded.body = bytes;
    encoded.md5 = digests.md5;
    encoded.sha256 = digests.sha256;
    co_return encoded;
}

Task<Result<ETag>> Writeback::put(BlockNumber block, std::span<const std::byte> bytes,
                                  net::Ticket& ticket) {
    ScratchPool::Scratch scratch = parts_.scratch.take();
    const codec::Encoded encoded = co_await encode(block, bytes, scratch.bytes());
    co_await ticket.take();
    const std::string key = parts_.names.of(block);
    net::PutRequest request;
    request.key = key;
    request.body = encoded.body;
    request.md5 = encoded.md5;
    request.sha256 = encoded.sha256;
    request.content_type = "application/x-s3backer-block";
    request.meta.content_encoding = encoded.encoding;
    request.meta.hmac = encoded.hmac;
    if (block == BlockNumber(0)) {
        request.meta.block_size = parts_.geometry.block_size;
        request.meta.file_size = parts_.geometry.volume_size();
    }
    co_return co_await parts_.store.put(request, &ticket);
}

Duration Writeback::pause_after_failure(BlockNumber block, const Error& error) {
    const uint32_t doublings = std::min(parts_.cache.failures(block), 16U);
    const Duration pause = std::min<Duration>(kFirstPause * (1U << doublings), kLastPause);
    log::error("a block could not be written back, will retry", log::kv("block", block),
               log::kv("error", error), log::kv("in", pause));
    return pause;
}

Task<Result<void>> Writeback::flush() {
    CO_TRY_VOID(co_await stored_up_to(parts_.cache.version()));
    co_return co_await parts_.store.flush();
}

Task<Result<void>> Writeback::stored_up_to(uint64_t version) {
    std::vector<BlockNumber> blocks = parts_.cache.hurry_all();
    parts_.background.wake_all();
    // A block that is discarded or written again before the old object is gone waits at the other
    // place then: look until nothing is found at either.
    while (!blocks.empty() || parts_.cache.deletions().unstored(version)) {
        CO_TRY_VOID(co_await all_stored(blocks, version));
        CO_TRY_VOID(co_await deleted(version));
        blocks = parts_.cache.dirty_up_to(version);
    }
    co_return ok();
}

Task<Result<void>> Writeback::all_stored(const std::vector<BlockNumber>& blocks, uint64_t version) {
    for (size_t i = 0; i < blocks.size(); ++i) {
        CO_TRY_VOID(co_await stored(blocks[i], version));
    }
    co_return ok();
}

Task<Result<void>> Writeback::stored(BlockNumber block, uint64_t version) {
    const uint32_t failures_before = parts_.cache.failures(block);
    const uint64_t deletions_failed_before = remover_.failures();
    while (parts_.cache.unstored(block, version)) {
        if (parts_.cache.failures(block) > failures_before ||
            remover_.failures() > deletions_failed_before) {
            co_return Error(Errc::Io, "a block could not be written back", EIO);
        }
        // A block that was written during its upload is queued anew: it is still waited for.
        parts_.cache.hurry(block);
        held_.hurry(block);
        if (parts_.cache.deletions().waits(block)) hurry_deletions();
        parts_.background.wake_all();
        co_await ended_.wait();
    }
    co_return ok();
}

Task<Result<void>> Writeback::deleted(uint64_t version) {
    const uint64_t failures_before = remover_.failures();
    while (parts_.cache.deletions().unstored(version)) {
        if (remover_.failures() > failures_before) {
            co_return Error(Errc::Io, "a discarded block could not be deleted", EIO);
        }
        hurry_deletions();
        parts_.background.wake_all();
        co_await ended_.wait();
    }
    co_return ok();
}

void Writeback::hurry_deletions() { parts_.cache.hurry_deletions(Scheduler::current().now()); }

void Writeback::abandon() {
    abandoned_ = true;
    ended_.wake_all();
}

Task<void> Writeback::drain() {
    parts_.cache.set_pressure(true);
    parts_.cache.hurry_all();
    while (parts_.cache.dirty() + parts_.cache.deletions().size() > 0 && !abandoned_) {
        hurry_deletions();
        parts_.background.wake_all();
        const Instant next_report = Scheduler::current().now() + kReportInterval;
        const bool woken = co_await ended_.wait_until(next_report);
        if (woken) continue;
        log::info("still writing back", log::kv("dirty_blocks", parts_.cache.dirty()),
                  log::kv("to_be_deleted", parts_.cache.deletions().size()));
    }
    co_await tasks_.join();
    co_await remover_.join();
}

}  // namespace s3b
