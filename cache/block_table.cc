// SPDX-License-Identifier: Apache-2.0
#include "cache/block_table.h"

#include "engine/base/check.h"

namespace s3b::cache {

namespace {

constexpr uint64_t kPin = uint64_t{1} << 4;
constexpr uint64_t kPinMask = uint64_t{0x3FF} << 4;
constexpr uint64_t kReaderPins = uint64_t{1000} << 4;  // the rest of 1023 is for the owner
constexpr uint64_t kUseMask = 0xF;
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

}  // namespace

BlockTable::BlockTable(SlotCount slots)
    : slots_(slots), words_(slots.value), index_(entries_for(slots)) {
    CHECK(slots.value > 0 && slots.value < ~uint32_t{0});
}

uint64_t BlockTable::hash(BlockNumber block) {
    uint64_t h = (uint64_t{block.value} + 1) * 0x9E3779B97F4A7C15ULL;
    h ^= h >> 32;
    return h * 0xD6E8FEB86659FD93ULL;
}

size_t BlockTable::home(BlockNumber block) const {
    // The high half of hash * entries, in two steps: there may be more entries than 32 bits count.
    const uint64_t h = hash(block);
    const uint64_t entries = index_.size();
    return ((h >> 32) * entries + ((h & 0xFFFF'FFFFU) * entries >> 32)) >> 32;
}

uint64_t BlockTable::load(SlotIndex slot) const {
    // relaxed: the owner reads what it wrote itself, others what their pin keeps; pins do not
    // matter for the fields
    return words_[slot.value].load(std::memory_order_relaxed);
}

BlockTable::Pin BlockTable::try_pin(BlockNumber block) {
    size_t position = home(block);
    for (size_t step = 0; step < index_.size(); ++step) {
        // acquire: pairs with the releases of insert and erase
        const uint32_t entry = index_[position].load(std::memory_order_acquire);
        if (entry == kEmpty) return {};
        std::atomic<uint64_t>& slot_word = words_[entry - 1];
        // acquire: pairs with the release of make_readable and insert: the bytes are seen
        uint64_t word = slot_word.load(std::memory_order_acquire);
        while (block_in(word) == block.value && is_readable(use_in(word)) &&
               (word & kPinMask) < kReaderPins) {
            if (slot_word.compare_exchange_weak(word, word + kPin, std::memory_order_acquire,
                                                std::memory_order_acquire)) {
                return Pin(*this, SlotIndex(entry - 1));
            }
        }
        if (block_in(word) == block.value && use_in(word) != SlotUse::Free) return {};
        position = after(position);
    }
    return {};
}

std::optional<size_t> BlockTable::position_of(BlockNumber block) const {
    for (size_t position = home(block);; position = after(position)) {
        const uint32_t entry = index_[position].load(std::memory_order_relaxed);
        if (entry == kEmpty) return std::nullopt;
        if (block_in(load(SlotIndex(entry - 1))) == block.value) return position;
    }
}

std::optional<SlotIndex> BlockTable::find(BlockNumber block) const {
    const auto position = position_of(block);
    if (!position) return std::nullopt;
    return SlotIndex(index_[*position].load(std::memory_order_relaxed) - 1);
}

void BlockTable::insert(BlockNumber block, SlotIndex slot, SlotUse use) {
    DCHECK(!find(block).has_value());
    CHECK(use_in(load(slot)) == SlotUse::Private && use != SlotUse::Free);
    // release: pairs with the acquire of try_pin: the slot's bytes were written before
    words_[slot.value].store(with_use(with_block(load(slot), block), use),
                             std::memory_order_release);
    size_t position = home(block);
    while (index_[position].load(std::memory_order_relaxed) != kEmpty) position = after(position);
    index_[position].store(slot.value + 1, std::memory_order_release);  // pairs: try_pin
    ++size_;
}

void BlockTable::erase(BlockNumber block) {
    const auto found = position_of(block);
    CHECK(found.has_value());
    size_t hole = *found;
    const SlotIndex slot(index_[hole].load(std::memory_order_relaxed) - 1);
    // Close the gap by moving later entries back; a reader may miss one that is being moved.
    for (size_t next = after(hole);; next = after(next)) {
        const uint32_t moved = index_[next].load(std::memory_order_relaxed);
        if (moved == kEmpty) break;
        const size_t wanted = home(block_of(SlotIndex(moved - 1)));
        const bool stays =
            hole <= next ? (hole < wanted && wanted <= next) : (hole < wanted || wanted <= next);
        if (stays) continue;
        index_[hole].store(moved, std::memory_order_release);  // pairs: try_pin
        hole = next;
    }
    index_[hole].store(kEmpty, std::memory_order_release);  // pairs: try_pin
    uint64_t word = load(slot);
    while (!words_[slot.value].compare_exchange_weak(word, with_use(word, SlotUse::Private),
                                                     std::memory_order_relaxed)) {
    }
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

}  // namespace s3b::cache
