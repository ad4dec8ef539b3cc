// SPDX-License-Identifier: Apache-2.0
#include "cache/file_map.h"

#include "engine/base/check.h"

namespace s3b::cache {

namespace {
EvictionSettings eviction_settings(const FileMapSettings& settings) {
    return {.policy = settings.policy,
            .cached = settings.layout.slots.value,
            .protected_blocks = settings.protected_blocks,
            .timeout = {}};
}
}  // namespace

FileMap::FileMap(const FileMapSettings& settings)
    : settings_(settings),
      table_(settings.layout.slots),
      links_(settings.layout.slots),
      free_(links_),
      order_(eviction_settings(settings), links_) {}

bool FileMap::load(SlotIndex slot, const FileEntry& entry, BlockCount blocks) {
    if (entry.block.value >= blocks.value || table_.find(entry.block)) return false;
    // Without an ETag only a whole download could verify it.
    if (settings_.verify && !entry.dirty && !entry.etag) return false;
    CHECK(slot.value >= never_used_);
    for (; never_used_ < slot.value; ++never_used_) free_.push(SlotIndex(never_used_));
    ++never_used_;
    table_.set_taken(slot);
    table_.insert(entry.block, slot, SlotUse::Private);
    if (settings_.verify && !entry.dirty) {
        if (unverified_.empty()) unverified_.resize(settings_.layout.slots.value);
        unverified_[slot.value] = *entry.etag;
        ++unverified_count_;
    }
    settle(entry.block, entry.dirty, Instant{});
    return true;
}

ETag FileMap::unverified(SlotIndex slot) const {
    if (unverified_.empty() || unverified_[slot.value] == Md5{}) return std::nullopt;
    return unverified_[slot.value];
}

void FileMap::set_verified(SlotIndex slot) {
    if (!unverified(slot)) return;
    unverified_[slot.value] = Md5{};
    if (--unverified_count_ == 0) std::vector<Md5>().swap(unverified_);
}

std::vector<BlockNumber> FileMap::unverified_from(SlotIndex from, size_t most) const {
    std::vector<BlockNumber> blocks;
    for (size_t n = from.value; n < unverified_.size() && blocks.size() < most; ++n) {
        const SlotIndex slot(static_cast<uint32_t>(n));
        if (unverified(slot)) blocks.push_back(table_.block_of(slot));
    }
    return blocks;
}

std::vector<BlockNumber> FileMap::blocks_in(BlockRange range) const {
    std::vector<BlockNumber> blocks;
    if (range.count <= never_used_) {
        for (uint64_t n = range.first; n < range.end(); ++n) {
            const BlockNumber block(static_cast<uint32_t>(n));
            if (table_.find(block)) blocks.push_back(block);
        }
        return blocks;
    }
    for (uint32_t n = 0; n < never_used_; ++n) {
        const BlockNumber block = table_.block_of(SlotIndex(n));
        if (range.contains(block) && table_.find(block) == SlotIndex(n)) blocks.push_back(block);
    }
    return blocks;
}

std::optional<SlotIndex> FileMap::next_free() {
    if (const auto slot = free_.youngest()) {
        free_.remove(*slot);
        return slot;
    }
    if (never_used_ >= settings_.layout.slots.value) return std::nullopt;
    return SlotIndex(never_used_++);
}

std::optional<SlotIndex> FileMap::take(BlockNumber block) {
    std::vector<SlotIndex> unfit;  // see looks_torn()
    std::optional<SlotIndex> slot = next_free();
    while (slot && block == BlockNumber(0) && settings_.layout.may_tear(*slot)) {
        unfit.push_back(*slot);
        slot = next_free();
    }
    for (const SlotIndex other : unfit) free_.push(other);
    if (!slot) return std::nullopt;
    table_.set_taken(*slot);
    table_.insert(block, *slot, SlotUse::Private);
    return slot;
}

void FileMap::settle(BlockNumber block, bool dirty, Instant now) {
    const SlotIndex slot = table_.find(block).value();
    if (is_dirty(slot)) --dirty_;
    if (is_clean(slot)) order_.remove(slot, block);
    table_.make_readable(slot, dirty ? SlotUse::Dirty : SlotUse::Clean);
    if (dirty) {
        ++dirty_;
    } else {
        order_.push(slot, block, now);
    }
}

void FileMap::touch(BlockNumber block, Instant now) {
    const auto slot = table_.find(block);
    if (slot && is_clean(*slot)) order_.touch(*slot, block, now);
}

void FileMap::withdraw(BlockNumber block) {
    const SlotIndex slot = table_.find(block).value();
    if (is_dirty(slot)) --dirty_;
    if (is_clean(slot)) order_.remove(slot, block);
    CHECK(table_.try_make_private(slot));
}

void FileMap::release(BlockNumber block) {
    const SlotIndex slot = table_.find(block).value();
    CHECK(!is_readable(table_.use_of(slot)));
    order_.forget(slot);
    set_verified(slot);
    table_.erase(block);
    table_.set_free(slot);
    free_.push(slot);
}

}  // namespace s3b::cache
