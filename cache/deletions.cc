// SPDX-License-Identifier: Apache-2.0
#include "cache/deletions.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b::cache {

Deletions::Deletions(BlockCount blocks)
    : blocks_(blocks.value),
      waiting_(blocks),
      claimed_(blocks),
      certain_(blocks),
      chunks_(static_cast<size_t>((blocks.value + kChunk - 1) / kChunk)) {}

void Deletions::add(size_t word, uint64_t bits, uint64_t certain, uint64_t version) {
    if (bits == 0) return;
    certain_.set(word, certain);
    const uint64_t added = waiting_.set(word, bits);
    Chunk& chunk = chunk_of(word);
    if (chunk.waiting == 0 || version < chunk.waiting_since) chunk.waiting_since = version;
    chunk.waiting += static_cast<uint32_t>(std::popcount(added));
}

void Deletions::add(BlockNumber block, bool certain, uint64_t version) {
    const uint64_t bit = uint64_t{1} << (block.value % BitMap::kBits);
    add(block.value / BitMap::kBits, bit, certain ? bit : 0, version);
}

std::optional<uint64_t> Deletions::cancel(BlockNumber block) {
    Chunk& chunk = chunks_[block.value / kChunk];
    std::optional<uint64_t> since;
    if (claimed_.test(block)) since = chunk.claimed_since;
    if (!waiting_.clear(block)) return since;
    --chunk.waiting;
    if (!since) certain_.clear(block);
    return std::min(chunk.waiting_since, since.value_or(chunk.waiting_since));
}

void Deletions::keep(size_t word, uint64_t bits) {
    const uint64_t dropped = waiting_.clear(word, ~(bits | certain_.word(word)));
    if (dropped != 0) chunk_of(word).waiting -= static_cast<uint32_t>(std::popcount(dropped));
}

bool Deletions::unstored(BlockNumber block, uint64_t version) const {
    const Chunk& chunk = chunk_of(block);
    return (waiting_.test(block) && chunk.waiting_since <= version) ||
           (claimed_.test(block) && chunk.claimed_since <= version);
}

bool Deletions::unstored(uint64_t version) const {
    if (size() == 0) return false;
    for (size_t i = 0; i < chunks_.size(); ++i) {
        const Chunk& chunk = chunks_[i];
        if (chunk.waiting > 0 && chunk.waiting_since <= version) return true;
        if (chunk.claimed > 0 && chunk.claimed_since <= version) return true;
    }
    return false;
}

std::optional<BlockRange> Deletions::claim(uint64_t run_from, uint32_t most_chunks) {
    if (waiting_.count() == 0) return std::nullopt;
    const size_t chunks = chunks_.size();
    for (size_t i = 0; i < chunks; ++i) {
        const size_t first = (next_chunk_ + i) % chunks;
        if (!claimable(first, 0)) continue;
        const bool run = claimable(first, run_from);
        const size_t most = run ? std::min<size_t>(chunks, first + most_chunks) : first + 1;
        claim_chunk(first);
        next_chunk_ = first + 1;
        while (next_chunk_ < most && claimable(next_chunk_, run_from)) claim_chunk(next_chunk_++);
        const uint64_t begin = uint64_t{first} * kChunk;
        return BlockRange{begin, std::min(blocks_, uint64_t{next_chunk_} * kChunk) - begin};
    }
    return std::nullopt;
}

void Deletions::claim_chunk(size_t index) {
    Chunk& chunk = chunks_[index];
    const size_t words = static_cast<size_t>((blocks_ + BitMap::kBits - 1) / BitMap::kBits);
    const size_t end = std::min<size_t>(words, (index + 1) * kWords);
    for (size_t word = index * kWords; word < end; ++word) {
        claimed_.set(word, waiting_.clear(word, ~uint64_t{0}));
    }
    chunk.held = true;
    chunk.claimed = chunk.waiting;
    chunk.claimed_since = chunk.waiting_since;
    chunk.waiting = 0;
}

void Deletions::release(BlockRange claim) {
    for (uint64_t at = claim.first; at < claim.end(); at += kChunk) {
        Chunk& chunk = chunks_[static_cast<size_t>(at / kChunk)];
        CHECK(chunk.held && chunk.claimed == 0);
        chunk.held = false;
    }
}

template <class Bits>
std::vector<BlockNumber> Deletions::collect(BlockRange range, size_t limit, Bits bits_of) {
    std::vector<BlockNumber> blocks;
    for_words(range, [&](size_t word, uint64_t bits) {
        if (blocks.size() >= limit) return;
        for_blocks(word, bits_of(word) & bits, [&](BlockNumber block) {
            if (blocks.size() < limit) blocks.push_back(block);
        });
    });
    return blocks;
}

std::vector<BlockNumber> Deletions::claimed(BlockRange claim, size_t limit) const {
    return collect(claim, limit, [this](size_t word) { return claimed_.word(word); });
}

std::vector<BlockNumber> Deletions::certain(BlockRange claim, size_t limit) const {
    return collect(claim, limit,
                   [this](size_t word) { return claimed_.word(word) & certain_.word(word); });
}

uint64_t Deletions::count_claimed(BlockRange claim) const {
    uint64_t count = 0;
    for (uint64_t at = claim.first; at < claim.end(); at += kChunk) {
        count += chunks_[static_cast<size_t>(at / kChunk)].claimed;
    }
    return count;
}

void Deletions::end(BlockNumber block) {
    const bool was = claimed_.clear(block);
    CHECK(was);
    if (!waiting_.test(block)) certain_.clear(block);
    --chunks_[block.value / kChunk].claimed;
}

void Deletions::end_all(BlockRange claim) {
    for_words(claim, [&](size_t word, uint64_t bits) {
        const uint64_t ended = claimed_.clear(word, bits);
        certain_.clear(word, ended & ~waiting_.word(word));
        chunk_of(word).claimed -= static_cast<uint32_t>(std::popcount(ended));
    });
}

void Deletions::put_back(size_t word, uint64_t bits) {
    const uint64_t failed = claimed_.clear(word, bits);
    Chunk& chunk = chunk_of(word);
    chunk.claimed -= static_cast<uint32_t>(std::popcount(failed));
    add(word, failed, 0, chunk.claimed_since);
}

void Deletions::put_back(BlockNumber block) {
    CHECK(under_way(block));
    put_back(block.value / BitMap::kBits, uint64_t{1} << (block.value % BitMap::kBits));
}

void Deletions::put_back_all(BlockRange claim) {
    for_words(claim, [this](size_t word, uint64_t bits) { put_back(word, bits); });
}

}  // namespace s3b::cache
