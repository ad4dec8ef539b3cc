// SPDX-License-Identifier: Apache-2.0
// Brings dirty blocks to the store: which one when, completing it, digests, PUT or DELETE, retry;
// and lets others wait until their writes are stored.
// Source: cache-and-consistency.md 2.4, 2.8, 2.15, 7 (3 to 6, 9, 11, 16).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/result.h"
#include "engine/fetcher.h"
#include "engine/held_uploads.h"
#include "engine/reactor/task_group.h"
#include "engine/remover.h"
#include "engine/volume_parts.h"
#include "net/digester.h"

namespace s3b {

/// Belongs to the reactor's thread.
class Writeback {
public:
    /// An upload that failed is tried again after a pause: this, doubled with each failure, up to
    /// the second. The store has made its own, shorter retries before.
    static constexpr Duration kFirstPause = std::chrono::milliseconds(500);
    static constexpr Duration kLastPause = std::chrono::seconds(10);
    /// An upload of unknown outcome counts as under way for so long after its end: the store may
    /// still carry it out.
    static constexpr Duration kSettleTime = std::chrono::seconds(2);

    /// So many blocks are encoded while all places are taken, so that none stays empty; more only
    /// when few are left, so that the workers get several at a time: nine, three full groups.
    static constexpr size_t kEncodedAhead = 10;
    static constexpr size_t kFewEncoded = 2;

    /// At most `at_once` uploads are under way, those included that pause before a retry.
    Writeback(VolumeParts& parts, Fetcher& fetcher, uint32_t at_once)
        : parts_(parts),
          fetcher_(fetcher),
          at_once_(at_once),
          held_(parts.written),
          digester_(parts.executor, net::Digester::Kind::Both),
          remover_(parts, ended_) {}

    /// Starts uploads and deletions that are due, as far as there are places. Urgency::Flush: those
    /// that somebody waits for; Urgency::WriteBack: the others.
    void start(net::Urgency urgency);
    /// When start() will have something to do if nothing changes; kNever without free places.
    Instant next_due();

    /// Ends when all that was written before the call is in the store and, there, safe. Fails if an
    /// upload of one of those blocks fails; the block stays dirty and is tried again.
    Task<Result<void>> flush();
    /// Ends when all up to `version` is in the store; fails as flush() does.
    Task<Result<void>> stored_up_to(uint64_t version);
    /// Ends when the writes of `block` up to `version` are in the store; fails as flush() does.
    Task<Result<void>> stored(BlockNumber block, uint64_t version);
    /// Ends when no deletion of a block that became zeros by then is left; fails if one fails.
    Task<Result<void>> deleted(uint64_t version);
    /// Deletions were found not to be needed, or not any more.
    void deletions_dropped() { ended_.wake_all(); }
    /// Writes everything back, however long it takes; ends when nothing is dirty and no upload is
    /// under way. No more writes may come. start() must be called meanwhile.
    Task<void> drain();

    /// Nothing more is started, and drain() ends with what is under way.
    void abandon();

    const HeldUploads& held() const { return held_; }
    void reset_counters() { held_.reset_counters(); }

private:
    static constexpr Duration kReportInterval = std::chrono::seconds(10);

    bool may_start(net::Urgency urgency);
    std::optional<BlockNumber> next_block(net::Urgency urgency, Instant now);
    Task<void> upload(BlockNumber block, net::Urgency urgency);
    Task<void> upload_frozen(cache::FrozenBlock frozen, net::Urgency urgency);
    void end_upload(net::Ticket& ticket);
    Task<Result<void>> send_frozen(cache::FrozenBlock frozen, net::Ticket& ticket);
    std::optional<BlockNumber> take_unblocked();
    Task<Result<void>> complete_and_send(BlockNumber block, net::Ticket& ticket);
    Task<Result<void>> complete(BlockNumber block, net::Ticket& ticket);
    bool became_zeros(BlockNumber block, Instant now);
    Task<Result<void>> all_stored(const std::vector<BlockNumber>& blocks, uint64_t version);
    void hurry_deletions();
    Task<Result<void>> send(BlockNumber block, net::Ticket& ticket);
    Task<Result<void>> send_bytes(BlockNumber block, std::span<const std::byte> bytes,
                                  net::Ticket& ticket);
    Task<Result<ETag>> put(BlockNumber block, std::span<const std::byte> bytes,
                           net::Ticket& ticket);
    Task<codec::Encoded> encode(BlockNumber block, std::span<const std::byte> bytes,
                                std::span<std::byte> scratch);
    void note_etag(const ETag& etag);
    Duration pause_after_failure(BlockNumber block, const Error& error);

    VolumeParts& parts_;
    Fetcher& fetcher_;
    uint32_t at_once_;
    HeldUploads held_;
    net::Digester digester_;
    bool missing_etag_logged_ = false;
    bool abandoned_ = false;
    bool encoding_ahead_ = false;
    TaskGroup tasks_;
    std::vector<BlockNumber> blocked_;  // due, but the deletion of an earlier object is under way
    uint64_t deletions_seen_ = 0;       // Remover::ended() when all of them were looked at
    WaitQueue ended_;                   // those who wait for the end of any upload or deletion
    Remover remover_;
};

}  // namespace s3b
