// SPDX-License-Identifier: Apache-2.0
// Finds sequential streams among the reads of clients, forward and backward, many at once, and
// says which blocks they will want next. Pure: it knows no cache, no store and no clock.
// Source: cache-and-consistency.md 2.12 (not its defects: nothing beyond an end of the volume,
// nothing before the first read, no second stream that resets the first), 8.3 (11).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "cache/slot_list.h"
#include "engine/base/types.h"
#include "engine/read_windows.h"

namespace s3b {

/// Belongs to one thread. About 80 bytes a stream.
class ReadStreams {
public:
    /// Streams and candidates that are remembered; the least recently used one makes way.
    static constexpr uint32_t kMaxStreams = 128;
    /// When room for windows is short, a stream loses its own after so many reads of others; it
    /// gets a new one when it goes on.
    static constexpr uint64_t kIdleReads = 1024;

    struct Settings {
        BlockCount blocks;               // of the volume
        uint32_t trigger = 2;            // reads in sequence that make a stream; 0 counts as 1
        std::optional<uint32_t> window;  // of each stream, in blocks; none: it adapts
        uint32_t bound = 1;  // blocks of all windows together, if they adapt; at least 1
    };
    explicit ReadStreams(const Settings& settings);

    /// What a read met.
    enum class Answer : uint8_t {
        AtHand,  // bytes of the cache, known zeros, or a fetch of somebody else
        Missed,  // nothing: it has to fetch the block itself
        Joined,  // a fetch that a claim has started, and that is still under way
    };
    /// Takes note of a client's read of `block`. It goes on with the stream whose next block it
    /// is, or one of those claimed, so that a client may skip a few; or it begins a candidate.
    /// O(kMaxStreams) at the worst, a few comparisons while one stream is read.
    void note_read(BlockNumber block, Answer answer);
    /// A block that was fetched ahead has left the cache unread.
    void note_unused(BlockNumber block);

    struct Claim {
        BlockNumber block;
        uint32_t stream;
    };
    /// False only if claim() has nothing.
    bool wants() const { return !hungry_.empty(); }
    /// The next block to be fetched, which counts as under way from now on: of each stream the
    /// nearest that was not claimed yet, one stream after the other.
    std::optional<Claim> claim();
    /// Takes the latest claim of its stream back. No read may have come between.
    void give_back(const Claim& claim);

private:
    enum class Direction : uint8_t { Forward, Backward };
    struct Stream {
        BlockNumber last;  // the last block read
        Direction direction = Direction::Forward;
        bool hungry = false;        // in `hungry_`
        bool tried = false;         // something was claimed since the window got its size
        uint32_t run = 0;           // reads in sequence, the last one included
        uint32_t ahead = 0;         // blocks beyond `last` that are claimed
        uint64_t read_at = 0;       // number of the read that was its last
        uint64_t position = 0;      // blocks passed since its beginning
        uint64_t grows_from = 0;    // position at which the window may grow again
        uint64_t blamed_up_to = 0;  // claims up to this position have shrunk the window already
    };
    /// Blocks that go on with a stream: `low` and `width` more. Apart, so that looking at all of
    /// them touches a kilobyte.
    struct Reach {
        uint32_t low;
        uint32_t width;
        bool covers(BlockNumber block) const { return block.value - low <= width; }
    };

    std::optional<uint32_t> find(BlockNumber block) const;
    static int fit(const Stream& stream, BlockNumber block);
    static int64_t steps_to(const Stream& stream, BlockNumber block);
    void begin(BlockNumber block);
    void advance(uint32_t index, BlockNumber block, Answer answer);
    void open_window(uint32_t index);
    void grow_window(uint32_t index);
    void window_changed(uint32_t index);
    void find_room(uint32_t blocks);
    uint32_t blocks_left(const Stream& stream) const;
    bool wants_more(uint32_t index) const;
    void updated(uint32_t index);

    Settings settings_;
    ReadWindows windows_;
    cache::SlotLinks links_;
    cache::SlotList order_;  // of use
    std::array<Stream, kMaxStreams> streams_;
    std::array<Reach, kMaxStreams> reaches_;
    uint32_t used_ = 0;  // streams that exist: the first ones
    uint32_t latest_ = 0;
    uint64_t reads_ = 0;
    cache::SlotLinks hungry_links_;
    cache::SlotList hungry_;  // streams that may want more, next one first
};

}  // namespace s3b
