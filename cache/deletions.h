// SPDX-License-Identifier: Apache-2.0
// Blocks that are zeros for clients while the store may still have an object of them: it has to be
// deleted. One bit a block, so that any range can be discarded at once; what a flush has to wait
// for is kept for each chunk of blocks. Source: cache-and-consistency.md 2.14, 7 (6, 9), 8.3 (14).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cache/bit_map.h"
#include "cache/lazy_array.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// A block waits for its deletion, or the deletion is under way, or both: it was written and
/// discarded again meanwhile. Of some it is certain that there was an object, whatever a list says.
/// Memory: three bits a block and 32 bytes a chunk, resident only where used. Belongs to the
/// reactor.
class Deletions {
public:
    static constexpr uint32_t kChunk = 32768;  // blocks
    explicit Deletions(BlockCount blocks);

    /// The blocks of a word of a BitMap wait for their deletion. `version`: of the first write of
    /// them that is not stored.
    /// `certain`: those of `bits` that had an object.
    void add(size_t word, uint64_t bits, uint64_t certain, uint64_t version);
    void add(BlockNumber block, bool certain, uint64_t version);
    /// `block` has other bytes again, so it needs no deletion: one under way is not stopped by
    /// that. Yields the version of the first write of it that may not be stored; nullopt if it
    /// neither waits nor is being deleted.
    std::optional<uint64_t> cancel(BlockNumber block);
    /// No block of the word waits any more but for those of `bits` and the certain ones.
    void keep(size_t word, uint64_t bits);

    bool waits(BlockNumber block) const { return waiting_.test(block); }
    bool under_way(BlockNumber block) const { return claimed_.test(block); }
    /// Whether some write of `block`, or of any block, up to `version` may not be stored.
    bool unstored(BlockNumber block, uint64_t version) const;
    bool unstored(uint64_t version) const;
    uint64_t waiting() const { return waiting_.count(); }
    /// Those that wait and those under way.
    uint64_t size() const { return waiting_.count() + claimed_.count(); }

    /// Takes all that waits in the next chunk: its deletion is under way now. If that is more than
    /// `run_from`, chunks with as many that lie behind it are taken, too, up to `most_chunks`.
    /// nullopt if there is none but where a claim is under way. The chunks are the claim's until
    /// release().
    std::optional<BlockRange> claim(uint64_t run_from, uint32_t most_chunks);
    void release(BlockRange claim);
    /// At most `limit` blocks of a claim, those still under way.
    std::vector<BlockNumber> claimed(BlockRange claim, size_t limit) const;
    /// Those of them that are certain.
    std::vector<BlockNumber> certain(BlockRange claim, size_t limit) const;
    /// How many are left.
    uint64_t count_claimed(BlockRange claim) const;
    /// The deletion of a claimed block, or of all that are left of a claim, has ended.
    void end(BlockNumber block);
    void end_all(BlockRange claim);
    /// It failed: they wait again.
    void put_back(BlockNumber block);
    void put_back_all(BlockRange claim);

private:
    struct Chunk {
        uint32_t waiting;
        uint32_t claimed;
        uint64_t waiting_since;  // versions: of the first write that is not stored
        uint64_t claimed_since;
        bool held;  // by a claim
    };
    Chunk& chunk_of(size_t word) { return chunks_[word / kWords]; }
    const Chunk& chunk_of(BlockNumber block) const { return chunks_[block.value / kChunk]; }
    bool claimable(size_t chunk, uint64_t more_than) const {
        return chunks_[chunk].waiting > more_than && !chunks_[chunk].held;
    }
    template <class Bits>
    static std::vector<BlockNumber> collect(BlockRange range, size_t limit, Bits bits_of);
    void claim_chunk(size_t chunk);
    void put_back(size_t word, uint64_t bits);

    static constexpr uint32_t kWords = kChunk / BitMap::kBits;

    uint64_t blocks_;
    BitMap waiting_;
    BitMap claimed_;
    BitMap certain_;  // of both
    LazyArray<Chunk> chunks_;
    size_t next_chunk_ = 0;  // where the search for the next claim begins
};

}  // namespace s3b::cache
