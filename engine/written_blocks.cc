// SPDX-License-Identifier: Apache-2.0
#include "engine/written_blocks.h"

#include "engine/base/check.h"

namespace s3b {

ETag WrittenBlocks::expected(BlockNumber block, Instant now) {
    forget_old(now);
    const auto found = entries_.find(block);
    if (found == entries_.end() || found->second.version != Version::Object) return std::nullopt;
    return found->second.etag;
}

bool WrittenBlocks::deleted(BlockNumber block, Instant now) {
    forget_old(now);
    const auto found = entries_.find(block);
    return found != entries_.end() && found->second.version == Version::Deleted;
}

Instant WrittenBlocks::may_write_at(BlockNumber block) const {
    const auto found = entries_.find(block);
    if (found == entries_.end() || found->second.version == Version::None) return Instant::min();
    return found->second.ended + settings_.min_write_delay;
}

bool WrittenBlocks::has_room(BlockNumber block, Instant now) {
    if (settings_.capacity.value == 0) return true;
    forget_old(now);
    return entries_.size() < settings_.capacity.value || knows(block);
}

Instant WrittenBlocks::next_room() {
    if (settings_.capacity.value == 0 || entries_.size() < settings_.capacity.value) {
        return Instant::min();
    }
    while (!ends_.empty() && stale(ends_.front())) ends_.pop_front();
    return ends_.empty() ? kNever : ends_.front().at + settings_.keep;
}

void WrittenBlocks::begin(BlockNumber block) {
    if (!settings_.on) return;
    Entry& entry = entries_[block];
    CHECK(!entry.under_way);
    entry.under_way = true;
    CHECK(settings_.capacity.value == 0 || entries_.size() <= settings_.capacity.value);
}

void WrittenBlocks::cancel(BlockNumber block) {
    const auto found = entries_.find(block);
    if (found == entries_.end()) return;
    found->second.under_way = false;
    if (found->second.version == Version::None) entries_.erase(found);
}

void WrittenBlocks::end_put(BlockNumber block, const ETag& etag, Instant now) {
    end(block, etag ? Version::Object : Version::Unchecked, etag.value_or(Md5()), now);
}

void WrittenBlocks::end_remove(BlockNumber block, Instant now) {
    end(block, Version::Deleted, Md5(), now);
}

void WrittenBlocks::end_failed(BlockNumber block, Instant now) {
    end(block, Version::Unknown, Md5(), now);
}

void WrittenBlocks::end(BlockNumber block, Version version, const Md5& etag, Instant now) {
    if (!settings_.on) return;
    const auto found = entries_.find(block);
    CHECK(found != entries_.end() && found->second.under_way);
    found->second = Entry{now, etag, version, false};
    if (settings_.keep > Duration::zero()) ends_.push_back({now, block});
    forget_old(now);
}

bool WrittenBlocks::stale(const End& end) const {
    const auto found = entries_.find(end.block);
    return found == entries_.end() || found->second.version == Version::None ||
           found->second.ended != end.at;
}

void WrittenBlocks::forget_old(Instant now) {
    for (; !ends_.empty(); ends_.pop_front()) {
        const End& oldest = ends_.front();
        if (stale(oldest)) continue;
        if (oldest.at + settings_.keep > now) return;
        const auto found = entries_.find(oldest.block);
        if (found->second.under_way) {
            found->second.version = Version::None;
        } else {
            entries_.erase(found);
        }
    }
}

std::vector<BlockNumber> WrittenBlocks::with_object(Instant now) {
    forget_old(now);
    std::vector<BlockNumber> blocks;
    for (const auto& [block, entry] : entries_) {
        const bool stored = entry.version == Version::Object || entry.version == Version::Unchecked;
        if (stored) blocks.push_back(block);
    }
    return blocks;
}

void WrittenBlocks::note_read(BlockNumber block) {
    if (!settings_.on) return;
    const auto found = entries_.find(block);
    if (found == entries_.end()) return;
    if (found->second.under_way || found->second.version == Version::Deleted) ++data_hits_;
}

}  // namespace s3b
