// SPDX-License-Identifier: Apache-2.0
// The cache file below the cache in memory: what is written goes to both, what leaves the memory is
// read back from the file. One task a block brings file and memory in line; this says what is to be
// done, engine/file_entries in which order. Source: cache-and-consistency.md 3.7, 3.13, 2.13.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cache/block_cache.h"
#include "cache/file_map.h"
#include "engine/file_entries.h"
#include "engine/memory_slots.h"
#include "engine/reactor/task_group.h"
#include "engine/room.h"

namespace s3b {

/// Who gave the file to the volume.
class FileOwner {
public:
    /// Ends when no later mount will take dirty blocks over from the file.
    virtual Task<Result<void>> disown() = 0;

protected:
    ~FileOwner() = default;
};

/// What a volume's cache file is made of; all of it outlives the volume.
struct FileTierNeeds {
    SlotDevice& device;
    cache::FileMap& map;
    FileOwner* owner = nullptr;  // none: nobody recovers from it
};

/// For the statistics file. Source: cache-and-consistency.md 2.17.
struct FileCounters {
    uint64_t loaded = 0;      // blocks that an earlier mount has left
    uint64_t verified = 0;    // of these, those that the store has unchanged
    uint64_t mismatched = 0;  // those that it has not
    uint64_t read = 0;        // blocks read from the file
    uint64_t failures = 0;    // operations on the file that failed
};

/// Belongs to the reactor's thread.
class FileTier final : public cache::Backing, private FileEntries::Memory {
public:
    FileTier(cache::BlockCache& cache, const MemorySlots& slots, Room& room, FileTierNeeds needs);
    /// Takes the dirty blocks of an earlier mount over. Once, before all else.
    void recover();

    // Reading. Only for blocks that are not in memory.

    /// Whether the file has bytes for `block` that are as new as the last write of it.
    bool readable(BlockNumber block) const;
    /// With which ETag the store must still answer before they are used; nullopt: none.
    ETag unverified(BlockNumber block) const;
    /// The store's object of `block`, if it is unverified, has this ETag; none: there is no object.
    /// Another one: the bytes of the file are not used any more.
    void compare(BlockNumber block, const ETag& etag);
    Task<Result<void>> read(BlockNumber block, std::span<std::byte> into);
    /// Whether the block is dirty, so that nothing but the file has its bytes.
    bool only_copy(BlockNumber block) const;

    // What has happened in memory.

    /// `range` of `block` was written (the whole block if it became zeros).
    void wrote(BlockNumber block, cache::ByteRange range);
    /// All blocks of the range became zeros.
    void zeroed(cache::BlockRange range);
    /// `block` was downloaded and is clean in memory.
    void fetched(BlockNumber block, const ETag& etag);
    /// What is in memory of `block` is now stored.
    void stored(BlockNumber block, const ETag& etag);
    /// A block that was only partly known is whole.
    void completed(BlockNumber block);
    /// Deletions have ended: blocks of zeros need no entry any more.
    void deletions_ended();
    bool holds(BlockNumber block) const override;
    void left(BlockNumber block) override;

    /// Whether a write of `block` up to `version` is not in the file and not in the store.
    bool unkept(BlockNumber block, uint64_t version) const;
    /// Whether nothing of `range` may reach the store now. The file still calls a whole block of it
    /// clean that was written since: after a crash the old bytes would pass as those of the store.
    /// Or the file has failed, and what it calls dirty could still be recovered over newer bytes.
    bool holds_back(cache::BlockRange range) const;
    /// Ends when something has changed that these look at.
    Task<void> changed() { co_await changed_.wait(); }
    /// The blocks that have such writes and are only partly known: the file cannot keep them.
    std::vector<BlockNumber> incomplete(uint64_t version) const;
    /// Ends when all that was written up to `version` is durable in the file, or stored, but for
    /// incomplete(). Errors: the file has failed.
    Task<Result<void>> durable(uint64_t version);
    /// Ends when file and memory are in line. Nothing may be written meanwhile.
    Task<Result<void>> settle();
    /// Nothing is stored any more: nothing waits for that.
    void abandon();

    /// From a failure of the file on nothing is written to it, and all goes on without it.
    bool failed() const { return failed_; }
    /// After a failure: ends when no later mount can bring bytes of the file back.
    Task<void> disowned();
    /// The bytes of `block`, which the store has, too, could not be read.
    void read_failed(BlockNumber block, const Error& error);
    const FileCounters& counters() const { return counters_; }
    void reset_counters() { counters_ = FileCounters(); }
    /// Syncs of the file.
    uint64_t syncs() const { return entries_.syncs(); }
    const cache::FileMap& map() const { return map_; }

private:
    /// What has to be done for a block whose entry is not in line with the memory.
    struct Job {
        cache::ByteRange changed{0, 0};
        uint64_t since = 0;          // version of the first change that is not in the file
        uint64_t writing_since = 0;  // the same, of those that are being written
        bool drop = false;           // what the file has is old
        bool clean = false;          // stored or downloaded: `etag` is that of the bytes in memory
        bool running = false;
        bool inserting = false;  // waits for a sync that is in no hurry
        ETag etag;
    };

    uint32_t block_size() const { return static_cast<uint32_t>(zero_block_.all().size()); }
    Job& job(BlockNumber block) { return jobs_[block]; }
    void forget(BlockNumber block);
    void start(BlockNumber block);
    Task<void> run(BlockNumber block);
    Task<Result<void>> step(BlockNumber block, Job& job);
    Task<Result<void>> keep(BlockNumber block, Job& job);
    Task<Result<void>> keep_bytes(BlockNumber block, Job& job, std::optional<SlotIndex> slot);
    Task<Result<void>> make_clean(BlockNumber block, Job& job);
    Task<Result<void>> insert(BlockNumber block, Job& job, SlotIndex slot);
    bool incomplete(BlockNumber block) const;
    bool is_hot(BlockNumber block) const override;
    bool is_unstored(BlockNumber block) const override;
    bool zeros_are_needed(BlockNumber block) const;
    void fail(const Error& error);
    Task<void> disown();

    /// So many blocks are copied to the file at once because they were downloaded; others are not.
    static constexpr size_t kMostInserts = 256;
    static constexpr Duration kDisownPause = std::chrono::seconds(1);

    cache::BlockCache& cache_;
    const MemorySlots& slots_;
    Room& room_;
    cache::FileMap& map_;
    FileEntries entries_;
    std::unordered_map<BlockNumber, Job> jobs_;
    std::unordered_set<BlockNumber> zeros_;  // whose dirty entry stands for zeros
    MemorySlots zero_block_;                 // its only slot: zeros, never written
    WaitQueue changed_;
    TaskGroup tasks_;
    FileOwner* owner_;
    bool failed_ = false;
    bool disowned_ = false;  // after the failure
    bool abandoned_ = false;
    FileCounters counters_;
};

}  // namespace s3b
