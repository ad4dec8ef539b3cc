// SPDX-License-Identifier: Apache-2.0
// Plays the flows' part for a BlockCache at random: clients, readers on other threads, downloads,
// uploads that fail, time. It keeps the bytes itself, a few for each block: those that clients have
// written (the truth), those in the store, those in the slots. After each step it compares.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cache/block_cache.h"
#include "tests/cache/random.h"

namespace s3b::cache {

class CacheModel {
public:
    /// The seed chooses the settings, too.
    explicit CacheModel(uint64_t seed);

    void step();
    /// Lets everything end well: afterwards the store must hold the truth.
    void drain();
    /// What was wrong first, and at which step; empty if nothing was.
    const std::string& error() const { return error_; }

private:
    static constexpr uint32_t kBlocks = 9;
    static constexpr uint32_t kBytes = 16;
    using Bytes = std::array<uint8_t, kBytes>;

    struct Block {
        Bytes truth{};
        std::optional<Bytes> stored;
        uint64_t oldest_unstored = 0;  // version of the first write that the store has not
        bool loose = false;            // the cache may know of an older version only
        uint64_t since_begin_put = 0;  // version of the first write after the upload began
    };
    struct PutUnderWay {
        bool completing = false;        // waits for a download of the bytes that are missing
        bool sending = false;           // begin_put has been called
        std::optional<SlotIndex> slot;  // once sending
        Bytes sent{};
    };
    /// How things were before a write.
    struct Before {
        BlockState state;
        bool zeros;     // a record without a slot
        bool held;      // a reader holds its slot
        bool at_limit;  // of dirty blocks
        uint32_t room;
        uint64_t version;
    };
    enum class Survey { NotBegun, Running, Done };
    struct Use {
        uint32_t block;
        Instant at;      // rounded as the cache rounds it
        Instant latest;  // later than `at` if a reader held it when it might have expired
    };
    using Order = std::list<Use>;
    struct ReaderPin {
        BlockTable::Pin pin;
        Bytes seen;
    };

    // Steps of clients and of the flows (cache_model.cc).
    void read();
    void fetch(uint32_t n, BlockCache::Need need);
    void end_download(uint32_t n, bool may_fail);
    void fill(uint32_t n, const Bytes& fetched);
    void write();
    void note_write(uint32_t n, const Before& before, const WritePlan& plan, bool zeros);
    void apply(uint32_t n, const WritePlan& plan, ByteRange range, const Bytes& bytes);
    void begin_upload();
    void advance_upload(uint32_t n, bool may_fail);
    void end_put(uint32_t n, bool may_fail);
    void discard();
    void discard_one(uint32_t n);
    void delete_some(bool may_fail);
    void end_deletion(uint32_t n, bool may_fail);
    void notice_deletions();
    void read_ahead();
    static void note_unused(void* model, BlockNumber block);
    void pin();
    void unpin();
    void survey();
    void pass_time();

    // What must hold (cache_model_checks.cc).
    void expect(bool holds, const char* what);
    void check();
    void check_block(uint32_t n);
    void check_partly_known(uint32_t n);
    void check_slots();
    void check_counts();
    void check_versions();
    void check_no_slot_is_lost();
    /// Slots of blocks that may not be evicted, of downloads and of uploads.
    std::set<uint32_t> owned_slots();
    /// Slots that could be given away now: not owned, and held by no reader.
    uint32_t available();
    /// How many of them stay for transfers when a block comes in.
    uint32_t kept_for_transfers();
    void judge_refused_write(uint32_t n, const Before& before);

    // The order of clean blocks (cache_model_checks.cc).
    void use(uint32_t n);
    void forget(uint32_t n);
    void defer_oldest(Order& order);
    bool held(uint32_t n);
    bool is_protected(uint32_t n) const { return n < settings_.protected_blocks; }
    /// Whether `order` is that of the last use, exactly.
    bool strict(const Order& order) const {
        return settings_.policy == EvictionPolicy::Lru || &order == &protected_;
    }
    /// Follows what was evicted to make room, and checks that it was the oldest that no reader
    /// holds, protected blocks last; `found_room` is false if there was nothing left to evict.
    void follow_evictions(bool found_room);
    void follow_evictions_of(Order& order);
    void expect_all_held(Order& order);
    int64_t evicted_of(const Order& order) const;
    void expire();
    void check_next_expiry();
    uint32_t expire_strictly(Order& order);
    uint32_t expire_loosely(Order& order);

    BlockNumber number(uint32_t n) const { return BlockNumber(n); }
    BlockState state(uint32_t n) const { return cache_.state(number(n)); }
    bool zeros_record(uint32_t n) {
        return is_dirty(state(n)) && !cache_.table().find(number(n)).has_value();
    }
    Bytes& slot_bytes(SlotIndex slot) { return slots_[slot.value]; }
    static Bytes object_of(const Block& block) { return block.stored.value_or(Bytes{}); }

    Random random_;
    CacheSettings settings_;
    BlockCache cache_;
    std::vector<Bytes> slots_;
    std::vector<Block> blocks_{kBlocks};
    std::map<uint32_t, SlotIndex> downloads_;
    std::map<uint32_t, PutUnderWay> uploads_;
    std::optional<BlockRange> claim_;  // of deletions
    std::list<ReaderPin> pins_;
    Order clean_;                    // in the order of their last use
    Order protected_;                // the same of protected blocks
    std::set<uint32_t> ahead_;       // blocks fetched, or being fetched, that nobody has read yet
    std::set<uint32_t> may_linger_;  // slots that a reader held when they were given back
    CacheCounters counted_;
    Instant now_{std::chrono::seconds(10)};
    uint64_t steps_ = 0;
    Survey survey_ = Survey::NotBegun;
    uint32_t surveyed_ = 0;  // blocks that it has looked at
    std::string error_;
};

}  // namespace s3b::cache
