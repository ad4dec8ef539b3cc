// SPDX-License-Identifier: Apache-2.0
// The block device: takes byte ranges apart into blocks, works on all of them at once, and keeps
// the background work going. The paths of a block are in read_path.cc and write_path.cc.
#pragma once

#include <climits>
#include <functional>
#include <optional>
#include <string>

#include "engine/config.h"
#include "engine/fetcher.h"
#include "engine/file_check.h"
#include "engine/hit_readers.h"
#include "engine/memory_budget.h"
#include "engine/metrics.h"
#include "engine/reactor/task_group.h"
#include "engine/read_ahead.h"
#include "engine/survey.h"
#include "engine/volume_parts.h"
#include "engine/writeback.h"
#include "fusell/volume_port.h"

namespace s3b {

/// What a volume is made of.
struct VolumeSettings {
    Geometry geometry;
    CacheConfig cache;
    ConsistencySettings consistency;
    FsyncPolicy fsync = FsyncPolicy::Store;
    std::string prefix;              // of the object keys
    bool block_hash_prefix = false;  // blocks' names begin with their hash
    bool read_only = false;
    uint32_t hit_readers = 0;    // threads that read beside the reactor, at the most
    bool shared = false;         // other mounts write to it, too
    ByteCount request{1 << 20};  // the most data of one request of the kernel
    bool over_http = true;       // the store is not a directory: the statistics show HTTP

    VolumeSettings() = default;
};

/// Belongs to the reactor's thread. serve() must be running while it is used, and end before it is
/// destroyed.
class Volume final : public fusell::VolumePort {
public:
    Volume(const VolumeSettings& settings, const VolumeNeeds& needs);
    /// What such a volume may take up.
    static MemoryBudget memory_budget(const VolumeSettings& settings,
                                      const codec::BlockCodec& codec);
    ~Volume() override;

    Geometry geometry() const override { return parts_.geometry; }
    bool read_in_place(ByteOffset offset, uint64_t length, std::vector<iovec>& pieces) override;
    bool read_at_once(ByteOffset offset, std::span<std::byte> into) override;
    bool write_at_once(ByteOffset offset, std::span<const std::byte> from) override;
    fusell::HitReader* hit_reader(uint32_t number) override { return hit_readers_.reader(number); }
    uint64_t note_hits() override;
    Task<Result<void>> read(ByteOffset offset, std::span<std::byte> into) override;
    Task<Result<void>> write(ByteOffset offset, std::span<const std::byte> from) override;
    Task<Result<void>> zero(ByteOffset offset, ByteCount length) override;
    /// write_back(), or nothing, as FsyncPolicy says.
    Task<Result<void>> flush() override;
    /// Those that are known to be zeros in the store: all of them after a survey.
    BlockCount free_blocks() const override { return BlockCount(parts_.cache.known_zero()); }
    std::string stats_text() override;
    std::string stats_json() override { return metrics_as_json(metrics()); }
    /// All numbers there are. `more`, if it was set, adds those that the volume does not know.
    MetricsInput metrics();
    void on_metrics(std::function<void(MetricsInput&)> more) { more_metrics_ = std::move(more); }
    void reset_stats() override;

    /// Ends when all that was written before the call is in the store; fails if that does.
    Task<Result<void>> write_back();
    /// Writes back and drops clean blocks as they become due, until drain() has ended.
    Task<void> serve();
    /// Writes back all that is dirty, for as long as it takes, and ends serve(). No request may be
    /// under way, none may come.
    Task<void> drain();
    /// Ends drain() early: what is not stored by then will not be, but the cache file keeps it. The
    /// store must be told to cancel all.
    void abandon();
    /// After drain(): whether the cache file says of every block what the store has.
    bool file_is_complete() const { return file_is_complete_; }
    /// Finds out in the background, with `threads` requests at once, which blocks have no object;
    /// drain() ends it. Once at the most.
    void start_survey(uint32_t threads);
    /// Compares in the background what an earlier mount has left in the cache file with the store,
    /// with `threads` requests at once; drain() ends it. Once at the most.
    void start_file_check(uint32_t threads);
    /// Blocks that differ from the store.
    uint64_t dirty_blocks() const { return parts_.cache.dirty() + parts_.cache.deletions().size(); }

private:
    /// Blocks of a read_in_place(), at the most: the kernel takes so many pieces.
    static constexpr uint64_t kPiecesInPlace = IOV_MAX - 1;
    /// So many blocks of one request are worked on at once: bounds what a request of many tiny
    /// blocks takes up.
    static constexpr size_t kPiecesAtOnce = 1024;
    /// After so many blocks done at once a long request lets others run.
    static constexpr size_t kPiecesATurn = 256;
    /// Blocks discarded in one go: some milliseconds. Fewer where the cache has more entries, so
    /// that each block is looked for.
    static constexpr uint64_t kDiscardedATurn = uint64_t{4} << 20;
    static constexpr uint64_t kLookedForATurn = uint64_t{128} << 10;

    /// The part of a request that lies in one block.
    struct Piece {
        BlockNumber block;
        cache::ByteRange range;
    };
    /// Bytes to be written: as many as the piece has, or zeros.
    struct Source {
        const std::byte* bytes;  // nullptr: zeros
        bool all_zero(cache::ByteRange range) const;
        void copy_to(std::span<std::byte> into) const;
    };
    /// Records how long the request lasts in whose frame it is.
    class Timed {
    public:
        explicit Timed(Histogram& times) : times_(times) {}
        ~Timed() { times_.record(Scheduler::current().now() - begin_); }
        Timed(const Timed&) = delete;
        Timed& operator=(const Timed&) = delete;

    private:
        Histogram& times_;
        Instant begin_ = Scheduler::current().now();
    };
    /// The first failure of a request's pieces.
    using Failure = std::optional<Error>;

    Piece piece_at(ByteOffset offset, uint64_t length) const;

    void hear_of_hits();
    void after_hits();
    cache::Found read_now(const Piece& piece, std::span<std::byte> out);
    Task<void> read_later(Piece piece, std::span<std::byte> out, cache::Found::Kind found,
                          Failure& failure);
    Task<Result<void>> read_piece(Piece piece, std::span<std::byte> out, cache::Found::Kind found);

    Task<Result<void>> discard(cache::BlockRange range);
    Task<Result<void>> write_all(ByteOffset offset, uint64_t length, const std::byte* from);
    bool write_now(const Piece& piece, Source source);
    Task<void> write_later(Piece piece, Source source, Failure& failure);
    Task<Result<void>> write_piece(Piece piece, Source source);
    Task<Result<void>> fill_first(BlockNumber block, Room::Turn& turn);
    cache::WritePlan plan_write(const Piece& piece, Source source);
    void apply(const Piece& piece, Source source, const cache::WritePlan& plan);
    bool needs_room(BlockNumber block) const;
    Task<Result<void>> kept(BlockNumber block, uint64_t version);
    Task<Result<void>> flush_to_file();
    Task<Result<void>> flush_to_store();

    Task<void> run_survey();
    void wake_up() { parts_.background.wake_all(); }
    void wake_up_if_due();
    void drop_expired();
    Instant next_expiry() const;

    MemoryBudget budget_;
    bool cached_;  // blocks stay in the cache when they are clean
    bool read_only_;
    bool over_http_;
    FsyncPolicy fsync_;
    CacheConfig config_;  // as it is in effect
    VolumeParts parts_;
    Fetcher fetcher_;
    Writeback writeback_;
    ReadAhead read_ahead_;
    std::optional<Survey> survey_;
    std::optional<FileCheck> file_check_;
    TaskGroup survey_task_;          // of both
    Instant next_wake_up_ = kNever;  // when serve() will look again by itself
    bool draining_ = false;
    bool drained_ = false;
    bool file_is_complete_ = false;
    HitReaders hit_readers_;
    uint64_t hits_not_told_ = 0;
    Histogram read_times_;
    Histogram write_times_;
    Histogram discard_times_;
    Histogram flush_times_;
    std::function<void(MetricsInput&)> more_metrics_;
};

}  // namespace s3b
