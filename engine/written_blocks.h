// SPDX-License-Identifier: Apache-2.0
// Which version of a block the store must show after a write, for a store that shows old versions
// or none for a while: recently written blocks with the ETag that the store gave. It is the
// store's ETag that is compared, so it need not be an MD5 of anything. Pure, no I/O, no clock.
// Source: cache-and-consistency.md 4.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/types.h"

namespace s3b {

struct ConsistencySettings {
    bool on = false;             // off: nothing is remembered, every write and read may pass
    BlockCount capacity;         // blocks remembered at the most; 0 = as many as are written
    Duration keep{};             // after the end of the upload; 0 = for ever
    Duration min_write_delay{};  // from the end of one upload to the next; within `keep`

    ConsistencySettings() = default;
};

/// Belongs to the reactor's thread. Memory: about 72 bytes a block remembered and, unless that is
/// for ever, 16 for each upload within the time. All operations are O(1), those that forget
/// amortised.
class WrittenBlocks {
public:
    explicit WrittenBlocks(const ConsistencySettings& settings) : settings_(settings) {}

    bool on() const { return settings_.on; }
    /// The version that a read of `block` must see; nullopt: any.
    ETag expected(BlockNumber block, Instant now);
    /// Whether `block` must be read as zeros: its object was deleted.
    bool deleted(BlockNumber block, Instant now);
    /// When the next upload of `block` may begin: at once or any time before if nothing is known.
    Instant may_write_at(BlockNumber block) const;
    /// Whether `block` has its place already.
    bool knows(BlockNumber block) const { return entries_.contains(block); }
    /// Whether an upload of `block` could be remembered.
    bool has_room(BlockNumber block, Instant now);
    /// When has_room() may become true if no upload ends (not before that, but perhaps later: the
    /// place of an upload under way does not become free); kNever: only when one ends.
    Instant next_room();

    // Each upload: begin, then one of the others. Its place is kept from the beginning.

    /// There must be room. The version of the upload before stays expected until the end.
    void begin(BlockNumber block);
    /// Nothing was sent after all.
    void cancel(BlockNumber block);
    /// Bytes were stored. Without an ETag only the time is remembered.
    void end_put(BlockNumber block, const ETag& etag, Instant now);
    void end_remove(BlockNumber block, Instant now);
    /// The store may have either version.
    void end_failed(BlockNumber block, Instant now);

    /// The blocks remembered whose last upload stored an object, in no order.
    std::vector<BlockNumber> with_object(Instant now);

    /// A read of `block` was answered without the store: counted if it is remembered as deleted, or
    /// if its upload is under way.
    void note_read(BlockNumber block);
    uint64_t data_hits() const { return data_hits_; }
    void reset_counters() { data_hits_ = 0; }
    /// Blocks remembered, also those whose time has passed unnoticed.
    uint64_t size() const { return entries_.size(); }

private:
    enum class Version : uint8_t {
        None,       // known no more, or not yet
        Object,     // `etag`
        Unchecked,  // an object that came without an ETag
        Deleted,    // there is no object
        Unknown,    // the upload failed: the old one or the new one
    };
    struct Entry {
        Instant ended{};
        Md5 etag;
        Version version = Version::None;
        bool under_way = false;
    };
    /// The end of an upload; stale if a later one of that block has ended.
    struct End {
        Instant at;
        BlockNumber block;
    };

    void end(BlockNumber block, Version version, const Md5& etag, Instant now);
    bool stale(const End& end) const;
    void forget_old(Instant now);

    ConsistencySettings settings_;
    std::unordered_map<BlockNumber, Entry> entries_;
    std::deque<End> ends_;  // the oldest first; empty if all is kept for ever
    uint64_t data_hits_ = 0;
};

}  // namespace s3b
