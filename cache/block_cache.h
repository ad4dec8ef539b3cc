// SPDX-License-Identifier: Apache-2.0
// Decides what happens to a cached block: look-up, download, write, upload, eviction. It keeps the
// states of block_state.h, moves slots about and counts; it does no I/O and copies no bytes: each
// call says what the caller has to copy. Source: cache-and-consistency.md 2 and 7.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cache/block_state.h"
#include "cache/block_table.h"
#include "cache/cache_types.h"
#include "cache/deletions.h"
#include "cache/dirty_queue.h"
#include "cache/eviction.h"
#include "cache/range_set.h"
#include "cache/slot_list.h"
#include "cache/zero_map.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// All of it belongs to the reactor; other threads read through table().
class BlockCache {
public:
    /// Memory for each slot beside its data, at the most, whatever the settings: table 13.4, links
    /// 8, marks 4, ghosts 3.6. All of it is reserved at start and becomes resident with use. Blocks
    /// that are not simply clean have a Record on top, those known to be zero a bit.
    static constexpr size_t kBytesPerSlot = 32;
    /// What a block that is not simply clean has on top, at the most: its Record and its place in
    /// the queue, and the ranges of one that is partly written.
    static size_t bytes_if_dirty(ByteCount block_size);

    /// Who needs a slot: the closer to making room, the deeper it may dip into the reserve. Ahead
    /// is as Client, but nobody has asked for the block yet.
    enum class Need { Ahead, Client, Upload };

    explicit BlockCache(const CacheSettings& settings);

    /// Slots that the slot store must have: the size and a reserve for uploads and fills.
    static SlotCount slots_for(const CacheSettings& settings);

    /// Finds `range` of `block` and counts a hit or, for the first to fetch, a miss.
    Found look_up(BlockNumber block, ByteRange range, Instant now);
    /// Whether all of `block` is in a slot.
    bool at_hand(BlockNumber block) const {
        const auto slot = table_.find(block);
        return slot && is_readable(table_.use_of(*slot));
    }
    /// A Hit, counted, if all of `block` is at hand; else nothing has happened.
    std::optional<Found> hit(BlockNumber block, Instant now);
    /// A read of `block` in `slot` was answered in another thread, through table(): a hit. It may
    /// be there no more.
    void note_hit(BlockNumber block, SlotIndex slot, Instant now);
    /// Whether a reader's pin was in the way when there was no room at last: its end is told to
    /// nobody.
    bool pin_was_in_the_way() const { return settings_.readers > 0 && pin_in_the_way_; }
    /// A read that look_up told to Join was answered: a hit.
    void count_joined_read() { ++counters_.read_hits; }
    /// The read that look_up told to Fetch found its bytes in the backing.
    void count_miss_as_hit() {
        if (counters_.read_misses > 0) --counters_.read_misses;
        ++counters_.read_hits;
    }
    /// Whether `block` is neither cached nor known to be zero: worth reading ahead.
    bool absent(BlockNumber block) const;

    /// Told when a clean block leaves that was fetched ahead and never read; set once. It must not
    /// call the cache.
    using UnusedListener = void (*)(void* context, BlockNumber block);
    void on_unused(UnusedListener listener, void* context);

    /// Told when a slot is about to be used for the first time; set once. They come in their order.
    using FreshListener = void (*)(void* context, SlotIndex slot);
    void on_fresh_slot(FreshListener listener, void* context);

    /// Where bytes of dirty blocks may go that the memory has no room for; set once, at the start.
    /// It must not call the cache.
    void set_backing(Backing& backing) { backing_ = &backing; }
    /// The backing holds `block` now: if it is dirty it may leave the memory.
    void may_spill(BlockNumber block);
    /// Whether only the backing has bytes of `block`, or some of them.
    bool spilled(BlockNumber block) const;
    /// The backing has brought `block`, dirty, from an earlier mount.
    void recover(BlockNumber block, Instant now);

    /// Starts the download of `block` (which look_up said to fetch) into the slot returned; nullopt
    /// if there is no room now.
    std::optional<SlotIndex> begin_fetch(BlockNumber block, Need need, Instant now);
    /// The slot whose gaps() are to be filled from the downloaded one (or with zeros) before
    /// finish_fetch or finish_fetch_absent; nullopt: no such copying is needed.
    std::optional<SlotIndex> fill_target(BlockNumber block) const;
    std::vector<ByteRange> gaps(BlockNumber block) const;
    void finish_fetch(BlockNumber block, Instant now);
    /// There is no object: the block is zeros.
    void finish_fetch_absent(BlockNumber block, Instant now);
    void fail_fetch(BlockNumber block, Instant now);
    /// With keep_clean off: drops `block` if it is clean.
    void forget_clean(BlockNumber block);

    /// Plans a write of `range`; `zeros`: all its bytes are zero (need only be told for whole
    /// blocks and where is_zero() asks for it). Until end_write() nothing else may
    /// happen to `block`, as between fill_target() and the end of the fetch: do not await there.
    WritePlan begin_write(BlockNumber block, ByteRange range, bool zeros, Instant now);
    /// The bytes of a plan to Apply are in place.
    void end_write(BlockNumber block);
    /// All of `block`, or of many blocks, becomes zeros: what their objects were is deleted behind
    /// the scenes. Needs no room. O(blocks / 64 + cached blocks, or blocks if those are fewer).
    void discard(BlockNumber block, Instant now);
    void discard(BlockRange range, Instant now);

    /// Takes the next block to upload out of the queue; nullopt if none is due.
    std::optional<BlockNumber> pop_due(Instant now);
    /// The same, of those that somebody waits for: hurried ones, all of them under pressure.
    std::optional<BlockNumber> pop_awaited(Instant now);
    /// When pop_due will have something if nothing changes.
    Instant next_due(Instant now);
    /// While on, every dirty block is due: somebody waits for room, or the volume is stopping.
    /// Only those whose upload failed keep their pause.
    void set_pressure(bool on) { pressure_ = on; }
    /// Makes all that is dirty now due, and returns it.
    std::vector<BlockNumber> hurry_all();
    void hurry(BlockNumber block) { queue_.hurry(block); }

    // The order of writes, with CacheSettings::ordered. All versions of a block that may have to
    // be sent are kept: the newest in its slot, older ones frozen, in buffers of their own.

    /// So many buffers there are.
    static uint32_t frozen_for(const CacheSettings& settings);
    /// No later write reaches the store before all that was written so far.
    void close_epoch();
    /// The end of the last closed epoch; 0: none matters.
    uint64_t closed_epoch() const { return epochs_.empty() ? 0 : epochs_.back(); }
    /// Whether some write of a closed epoch is not stored: then nothing may be discarded.
    bool closed_unstored();
    /// Whether it is the turn of the newest version of `block`.
    bool may_send(BlockNumber block);
    /// Keeps a popped block whose turn it is not; the next one whose turn has come.
    void park(BlockNumber block);
    std::optional<BlockNumber> pop_parked();
    /// The next frozen version whose turn it is; its upload is under way until one of the others.
    std::optional<FrozenBlock> begin_frozen(Instant now);
    void finish_frozen(BlockNumber block);
    void fail_frozen(BlockNumber block, Instant due);
    /// When begin_frozen() may have something that it has not now, if nothing changes.
    Instant next_frozen(Instant now) const;

    BlockState state(BlockNumber block) const;
    /// Whether `block` is known to be zeros, so that it has no bytes.
    bool is_zero(BlockNumber block) const;
    /// The slot to be sent, pinned until the end of the upload. `block` must be Dirty, not zeros,
    /// and no deletion of it under way.
    SlotIndex begin_put(BlockNumber block);
    void finish_put(BlockNumber block, Instant now);
    /// The upload failed, or the block could not be completed for it: try again at `due`.
    void fail_put(BlockNumber block, Instant now, Instant due);

    /// A popped block is not uploaded now: it is due at once, as before.
    void put_back(BlockNumber block, Instant now);
    /// True if a block that was popped to be uploaded has become zeros by a discard, or by writes
    /// (`all_zero`): there is nothing to send, its deletion waits.
    bool settle_zeros(BlockNumber block, bool all_zero, Instant now);

    const Deletions& deletions() const { return deletions_; }
    /// When claim_deletions() will have something if nothing changes. The delay of writes holds for
    /// deletions, too, but all go when the first one is due.
    Instant next_deletion() const;
    /// Whether somebody waits for them.
    bool deletions_awaited() const { return deletions_awaited_; }
    void hurry_deletions(Instant now);
    /// See Deletions::claim().
    std::optional<BlockRange> claim_deletions(Instant now, uint64_t run_from, uint32_t most_chunks);
    /// The object of a claimed block is gone; of all that are left of a claim.
    void finish_deletion(BlockNumber block);
    void finish_deletions(BlockRange claim);
    /// All of a claim has ended.
    void release_deletions(BlockRange claim) { deletions_.release(claim); }
    /// It may still be there: try again at `due`, with all others.
    void retry_deletion(BlockNumber block, Instant due);
    void retry_deletions(BlockRange claim, Instant due);

    /// The number of the newest write.
    uint64_t version() const { return version_; }
    /// Whether some write of `block` up to `version` has not reached the store.
    bool unstored(BlockNumber block, uint64_t version) const;
    /// The blocks with such a write, without those that wait for their deletion.
    std::vector<BlockNumber> dirty_up_to(uint64_t version) const;
    /// How often the upload of `block` has failed since it became dirty.
    uint32_t failures(BlockNumber block) const;

    /// A survey of all the objects in the store. Before its first request to the store: begin. For
    /// each block found: note_object(). At its end finish: each block that was not found, and of
    /// which nothing was sent since before the beginning, is known to be zero; or abandon.
    void begin_survey();
    void note_object(BlockNumber block) { zero_map_.note_object(block); }
    void finish_survey();
    void abandon_survey() { zero_map_.abandon_survey(); }

    /// Drops clean blocks that were not used for the timeout. Returns how many.
    uint32_t drop_expired(Instant now);
    /// When drop_expired will have something to do; kNever without a timeout.
    Instant next_expiry() const;

    BlockTable& table() { return table_; }
    uint32_t size() const { return settings_.size; }
    /// What kBytesPerSlot limits, for all slots.
    size_t memory_bytes() const;
    /// Blocks with a state. Those that have bytes are `size` at the most; written zeros that are
    /// not stored yet need no slot and come on top.
    uint64_t entries() const;
    uint64_t dirty() const { return dirty_; }
    double dirty_ratio() const;
    /// When the oldest write was made that is not stored; kNever if all are. Amortised O(1).
    Instant dirty_since();
    /// Blocks that can be dirty at once.
    uint32_t dirty_capacity() const {
        return settings_.dirty_capacity == 0 ? settings_.size : settings_.dirty_capacity;
    }
    /// Whether the store must have an object of `block`, all writes of which are stored.
    bool must_exist(BlockNumber block) const {
        return settings_.objects_must_stay && zero_map_.known_present(block);
    }
    uint64_t known_zero() const { return zero_map_.size(); }
    const CacheCounters& counters() const { return counters_; }
    void reset_counters() { counters_ = CacheCounters{}; }

private:
    static constexpr uint32_t kNoSlot = ~uint32_t{0};

    /// A block that is not simply absent or clean.
    struct Record {
        BlockState state = BlockState::Absent;
        bool zeros = false;       // the content is zeros, without a slot, once transfers have ended
        bool claimed = false;     // popped to be uploaded, and not begun
        bool ahead = false;       // the download is ahead of all reads
        bool may_spill = false;   // listed in spillable_
        bool spilled = false;     // what is not in `written` is in the backing, and nowhere else
        uint32_t slot = kNoSlot;  // the newest bytes
        uint32_t fetch_slot = kNoSlot;  // where a download goes (Reading, Filling)
        uint32_t sent_slot = kNoSlot;   // pinned by an upload (Writing, Rewritten)
        uint32_t failures = 0;
        uint64_t oldest_unstored = 0;  // version of the first write that is not stored
        Instant unstored_since{};      // its time
        /// Of the first write that is only in the newest version, if an older one is being sent or
        /// frozen.
        uint64_t rewritten_since = 0;
        Instant rewritten_at{};
        uint64_t newest = 0;  // of the last write
        RangeSet written;     // known bytes (Partial, Filling)
    };

    static constexpr uint32_t kLeastFrozen = 16;
    /// A version of a block that must be stored before later writes.
    struct Frozen {
        uint64_t first = 0;  // versions of its first and last write
        uint64_t newest = 0;
        Instant since{};  // of the first
        uint32_t buffer = 0;
        bool being_sent = false;
    };
    struct Aged {
        uint64_t version;
        BlockNumber block;
        Instant since{};
        auto operator<=>(const Aged&) const = default;
    };

    std::optional<Found> hit(BlockNumber block, SlotIndex slot, Instant now);
    Record* record_of(BlockNumber block);
    const Record* record_of(BlockNumber block) const;
    void step(Record& record, BlockEvent event);
    ByteRange whole() const;
    bool covers_whole(ByteRange range) const { return range == whole(); }
    Duration earlier(Instant now) const;

    std::optional<SlotIndex> take_slot(uint32_t keep);
    std::optional<SlotIndex> take_slot_for_entry(Instant now);
    void release_slot(uint32_t slot);
    void reclaim();
    bool try_take(SlotIndex slot);
    bool evict_one();
    bool spill_one();
    bool try_drop_expired(SlotIndex slot);
    void drop_clean(BlockNumber block, SlotIndex slot);
    void leave(BlockNumber block, SlotIndex slot);

    struct Write {
        BlockNumber block;
        ByteRange range;
        bool zeros;
        bool whole;
        Instant now;
    };
    bool may_become_dirty() const;
    WritePlan write_absent(const Write& write);
    WritePlan write_clean(const Write& write, SlotIndex slot);
    WritePlan write_record(const Write& write, Record& record);
    WritePlan write_partly_known(const Write& write, Record& record);
    WritePlan write_known(const Write& write, Record& record, bool keep);
    void discard_clean(BlockNumber block, SlotIndex slot, Instant now);
    void discard_record(BlockNumber block, Record& record, Instant now);
    std::vector<BlockNumber> cached_in(BlockRange range) const;
    void await_deletion(BlockNumber block, bool certain, uint64_t version, Instant now);
    void note_deletions(Instant now);
    std::optional<uint64_t> cancel_deletion(BlockNumber block);
    void note_deletions_gone();
    void forget_zeros(BlockNumber block);
    void retry_at(Instant due);
    void drop_bytes(BlockNumber block, Record& record);
    void settle_if_free(BlockNumber block, Record& record, Instant now);
    void settle(BlockNumber block, Record& record, Instant now);
    std::optional<BlockNumber> claim_popped(std::optional<BlockNumber> block);
    std::optional<SlotIndex> give_slot(BlockNumber block, Record& record, Instant now);
    void note_write(BlockNumber block, Record& record, Instant now);
    void queue_rewritten(BlockNumber block, Record& record, Instant now);
    void drop_sent(Record& record);
    void set_oldest(BlockNumber block, Record& record, uint64_t version, Instant since);
    std::optional<Aged> oldest(std::optional<BlockNumber> except);
    bool unstored_up_to(uint64_t version, std::optional<BlockNumber> except);
    uint64_t epoch_before(uint64_t version) const;
    bool must_be_kept(BlockNumber block, const Record& record);
    template <class MayGo>
    std::optional<BlockNumber> take_ordered(std::set<Aged>& waiting, MayGo may_go);
    uint32_t freeze(BlockNumber block, Record& record);
    void await_turn(BlockNumber block);
    void drop_frozen(BlockNumber block);
    void take_next_version(BlockNumber block, Record& record);

    CacheSettings settings_;
    BlockTable table_;
    SlotLinks links_;
    SlotList free_;  // given back; those never used come after
    EvictionOrder order_;
    ZeroMap zero_map_;
    Deletions deletions_;
    Instant deletions_due_ = kNever;  // kNever: none waits
    Instant deletions_retry_{};       // not before
    bool deletions_awaited_ = false;
    DirtyQueue queue_;
    std::unordered_map<BlockNumber, Record> records_;
    std::vector<uint32_t> released_;  // given back, but still pinned by a reader
    uint32_t never_used_ = 0;         // the first slot that was never used
    uint64_t dirty_ = 0;
    uint32_t reading_ = 0;  // blocks in that state
    Instant last_entry_{};  // when a block that was absent came in last
    uint64_t version_ = 0;
    bool pressure_ = false;
    bool pin_in_the_way_ = false;
    CacheCounters counters_;
    FreshListener on_fresh_ = nullptr;
    void* on_fresh_context_ = nullptr;
    UnusedListener on_unused_ = nullptr;
    void* on_unused_context_ = nullptr;
    Backing* backing_ = nullptr;
    std::deque<BlockNumber> spillable_;  // some may not be any more

    std::deque<uint64_t> epochs_;  // the last write of each closed one that may matter
    /// All with an unstored write; some are not right any more.
    std::priority_queue<Aged, std::vector<Aged>, std::greater<>> by_age_;
    // By the end of the epoch that must be stored before.
    std::set<Aged> parked_;
    std::set<Aged> frozen_order_;  // blocks whose oldest frozen version is not being sent
    std::unordered_map<BlockNumber, std::deque<Frozen>> frozen_;  // oldest first
    std::vector<uint32_t> free_frozen_;
    Instant frozen_retry_{};  // not before
};

}  // namespace s3b::cache
