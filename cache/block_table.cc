// SPDX-License-Identifier: Apache-2.0
#include "cache/block_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

#include "engine/base/check.h"

namespace s3b::cache {

namespace {

constexpr uint64_t kPin = uint64_t{1} << 4;
constexpr uint64_t kPinMask = uint64_t{0x3FF} << 4;
constexpr uint64_t kReaderPins = uint64_t{1000} << 4;  // the rest of 1023 is for the owner
constexpr uint64_t kUseMask = 0xF;
constexpr uint64_t kUnread = uint64_t{1} << 14;
constexpr uint64_t kVersion = uint64_t{1} << 24;
constexpr uint64_t kVersionMask = uint64_t{0xFF} << 24;

SlotUse use_in(uint64_t word) { return static_cast<SlotUse>(word & kUseMask); }
uint64_t with_use(uint64_t word, SlotUse use) {
    return (word & ~kUseMask) | static_cast<uint64_t>(use);
}
uint32_t block_in(uint64_t word) { return static_cast<uint32_t>(word >> 32); }
uint64_t with_block(uint64_t word, BlockNumber block) {
    const uint64_t version = (word + kVersion) & kVersionMask;  // another tenant, another version
    return (uint64_t{block.value} << 32) | version | (word & (kPinMask | kUseMask));
}

uint32_t wanted_shards(SlotCount slots, uint32_t shard_entries) {
    return std::bit_ceil(std::max(1U, slots.value / shard_entries));
}

}  // namespace

BlockTable::Index::Index(uint32_t n)
    : capacity(n), entries(std::make_unique<std::atomic<uint32_t>[]>(n)) {
    for (uint32_t i = 0; i < n; ++i) entries[i].store(kEmpty, std::memory_order_relaxed);
}

BlockTable::BlockTable(SlotCount slots)
    : slots_(slots),
      shard_count_(wanted_shards(slots, kShardEntries)),
      shards_(std::make_unique<Shard[]>(shard_count_)) {
    CHECK(slots.value > 0 && slots.value < kEmpty);
    void* memory = mmap(nullptr, size_t{slots.value} * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    words_ = static_cast<std::atomic<uint64_t>*>(memory);  // zero pages are words of free slots
    for (uint32_t i = 0; i < shard_count_; ++i) {
        Shard& shard = shards_[i];
        shard.all.push_back(std::make_unique<Index>(16));
        shard.index.store(shard.all.back().get(), std::memory_order_release);  // pairs: try_pin
    }
}

BlockTable::~BlockTable() { munmap(words_, size_t{slots_.value} * sizeof(uint64_t)); }

uint64_t BlockTable::hash(BlockNumber block) {
    uint64_t h = (uint64_t{block.value} + 1) * 0x9E3779B97F4A7C15ULL;
    h ^= h >> 32;
    return h * 0xD6E8FEB86659FD93ULL;
}

uint32_t BlockTable::home(const Index& index, uint64_t hash_value) {
    // The high half chooses the place, the low bits the shard.
    return static_cast<uint32_t>(((hash_value >> 32) * index.capacity) >> 32);
}

uint64_t BlockTable::load(SlotIndex slot) const {
    // relaxed: the owner reads what it wrote itself; pins by others do not matter for the fields
    return words_[slot.value].load(std::memory_order_relaxed);
}

BlockTable::Pin BlockTable::try_pin(BlockNumber block) {
    const uint64_t h = hash(block);
    // acquire: pairs with the release of grow, so that the new entries are seen
    const Index& index = *shard_of(h).index.load(std::memory_order_acquire);
    uint32_t position = home(index, h);
    for (uint32_t step = 0; step < index.capacity; ++step) {
        // acquire: pairs with the release of place
        const uint32_t slot = index.entries[position].load(std::memory_order_acquire);
        if (slot == kEmpty) return {};
        // acquire: pairs with the release of make_readable and insert: the bytes are seen
        uint64_t word = words_[slot].load(std::memory_order_acquire);
        while (block_in(word) == block.value && is_readable(use_in(word)) &&
               (word & kPinMask) < kReaderPins) {
            if (words_[slot].compare_exchange_weak(word, word + kPin, std::memory_order_acquire,
                                                   std::memory_order_acquire)) {
                return Pin(*this, SlotIndex(slot));
            }
        }
        if (block_in(word) == block.value && use_in(word) != SlotUse::Free) return {};
        position = position + 1 == index.capacity ? 0 : position + 1;
    }
    return {};
}

std::optional<uint32_t> BlockTable::position_of(const Index& index, BlockNumber block) const {
    uint32_t position = home(index, hash(block));
    for (;;) {
        const uint32_t slot = index.entries[position].load(std::memory_order_relaxed);
        if (slot == kEmpty) return std::nullopt;
        if (block_in(load(SlotIndex(slot))) == block.value) return position;
        position = position + 1 == index.capacity ? 0 : position + 1;
    }
}

std::optional<SlotIndex> BlockTable::find(BlockNumber block) const {
    const Index& index = *shard_of(hash(block)).all.back();
    const auto position = position_of(index, block);
    if (!position) return std::nullopt;
    return SlotIndex(index.entries[*position].load(std::memory_order_relaxed));
}

void BlockTable::place(Index& index, BlockNumber block, uint32_t slot) {
    uint32_t position = home(index, hash(block));
    while (index.entries[position].load(std::memory_order_relaxed) != kEmpty) {
        position = position + 1 == index.capacity ? 0 : position + 1;
    }
    // release: pairs with the acquire of try_pin
    index.entries[position].store(slot, std::memory_order_release);
}

void BlockTable::grow(Shard& shard) {
    const Index& old = *shard.all.back();
    auto bigger = std::make_unique<Index>(old.capacity * 2);
    for (uint32_t i = 0; i < old.capacity; ++i) {
        const uint32_t slot = old.entries[i].load(std::memory_order_relaxed);
        if (slot != kEmpty) place(*bigger, block_of(SlotIndex(slot)), slot);
    }
    shard.all.push_back(std::move(bigger));
    shard.index.store(shard.all.back().get(), std::memory_order_release);  // pairs: try_pin
}

void BlockTable::insert(BlockNumber block, SlotIndex slot, SlotUse use) {
    DCHECK(!find(block).has_value());
    CHECK(use_in(load(slot)) == SlotUse::Private && use != SlotUse::Free);
    Shard& shard = shard_of(hash(block));
    if (uint64_t{shard.used + 1} * 4 > uint64_t{shard.all.back()->capacity} * 3) grow(shard);
    // release: pairs with the acquire of try_pin: the slot's bytes were written before
    words_[slot.value].store(with_use(with_block(load(slot), block), use),
                             std::memory_order_release);
    place(*shard.all.back(), block, slot.value);
    ++shard.used;
    ++size_;
}

void BlockTable::erase(BlockNumber block) {
    Shard& shard = shard_of(hash(block));
    Index& index = *shard.all.back();
    const auto found = position_of(index, block);
    CHECK(found.has_value());
    uint32_t hole = *found;
    const SlotIndex slot(index.entries[hole].load(std::memory_order_relaxed));
    // Close the gap by moving later entries back; a reader may miss one that is being moved.
    uint32_t next = hole;
    for (;;) {
        next = next + 1 == index.capacity ? 0 : next + 1;
        const uint32_t moved = index.entries[next].load(std::memory_order_relaxed);
        if (moved == kEmpty) break;
        const uint32_t wanted = home(index, hash(block_of(SlotIndex(moved))));
        const bool stays =
            hole <= next ? (hole < wanted && wanted <= next) : (hole < wanted || wanted <= next);
        if (stays) continue;
        index.entries[hole].store(moved, std::memory_order_release);  // pairs: try_pin
        hole = next;
    }
    index.entries[hole].store(kEmpty, std::memory_order_release);  // pairs: try_pin
    uint64_t word = load(slot);
    while (!words_[slot.value].compare_exchange_weak(word, with_use(word, SlotUse::Private),
                                                     std::memory_order_relaxed)) {
    }
    --shard.used;
    --size_;
}

BlockNumber BlockTable::block_of(SlotIndex slot) const { return BlockNumber(block_in(load(slot))); }

bool BlockTable::try_make_private(SlotIndex slot) {
    uint64_t word = load(slot);
    while (is_readable(use_in(word))) {
        if ((word & kPinMask) != 0) return false;
        // acquire: pairs with the release of unpin: the readers have read before we write
        if (words_[slot.value].compare_exchange_weak(word, with_use(word, SlotUse::Private),
                                                     std::memory_order_acquire,
                                                     std::memory_order_relaxed)) {
            return true;
        }
    }
    CHECK(use_in(word) == SlotUse::Private);
    return !pinned(slot);
}

SlotUse BlockTable::use_of(SlotIndex slot) const { return use_in(load(slot)); }

void BlockTable::make_readable(SlotIndex slot, SlotUse use) {
    uint64_t word = load(slot);
    CHECK(use_in(word) != SlotUse::Free && is_readable(use));
    // release: pairs with the acquire of try_pin. Pins stay.
    while (!words_[slot.value].compare_exchange_weak(
        word, with_use(word, use), std::memory_order_release, std::memory_order_relaxed)) {
    }
}

void BlockTable::pin(SlotIndex slot) {
    CHECK((load(slot) & kPinMask) != kPinMask && use_in(load(slot)) != SlotUse::Free);
    words_[slot.value].fetch_add(kPin, std::memory_order_relaxed);  // the owner's own order
}

void BlockTable::unpin(SlotIndex slot) {
    // release: pairs with the acquire of try_make_private and set_free
    const uint64_t before = words_[slot.value].fetch_sub(kPin, std::memory_order_release);
    CHECK((before & kPinMask) != 0);
}

bool BlockTable::pinned(SlotIndex slot) const {
    // acquire: pairs with the release of unpin
    return (words_[slot.value].load(std::memory_order_acquire) & kPinMask) != 0;
}

void BlockTable::set_unread(SlotIndex slot) {
    words_[slot.value].fetch_or(kUnread, std::memory_order_relaxed);  // only the owner reads it
}

bool BlockTable::clear_unread(SlotIndex slot) {
    if ((load(slot) & kUnread) == 0) return false;
    words_[slot.value].fetch_and(~kUnread, std::memory_order_relaxed);  // the owner's own order
    return true;
}

void BlockTable::set_free(SlotIndex slot) {
    CHECK(use_in(load(slot)) == SlotUse::Private && !pinned(slot));
    // Nobody can pin a Private slot, so a plain store loses nothing.
    words_[slot.value].store(with_use(load(slot), SlotUse::Free), std::memory_order_relaxed);
}

void BlockTable::set_taken(SlotIndex slot) {
    CHECK(use_in(load(slot)) == SlotUse::Free);
    words_[slot.value].store(with_use(load(slot), SlotUse::Private), std::memory_order_relaxed);
}

size_t BlockTable::memory() const {
    size_t bytes = size_t{slots_.value} * sizeof(uint64_t);
    for (uint32_t i = 0; i < shard_count_; ++i) {
        for (const auto& index : shards_[i].all) bytes += index->capacity * sizeof(uint32_t);
    }
    return bytes;
}

}  // namespace s3b::cache
