// SPDX-License-Identifier: Apache-2.0
// What must hold between any two calls of BlockCache.
#include <algorithm>

#include "tests/cache/cache_model.h"

namespace s3b::cache {

void CacheModel::expect(bool holds, const char* what) {
    if (holds || !error_.empty()) return;
    error_ = "step " + std::to_string(steps_) + ": not so: " + what;
}

void CacheModel::check() {
    check_counts();
    check_slots();
    check_versions();
    for (uint32_t n = 0; n < kBlocks; ++n) check_block(n);
    for (const ReaderPin& one : pins_) {
        expect(slot_bytes(one.pin.slot()) == one.seen, "a held slot does not change");
    }
}

void CacheModel::check_counts() {
    uint64_t entries = 0;
    uint64_t dirty = 0;
    uint64_t without_slot = 0;
    for (uint32_t n = 0; n < kBlocks; ++n) {
        entries += state(n) != BlockState::Absent ? 1 : 0;
        dirty += is_dirty(state(n)) ? 1 : 0;
        without_slot += zeros_record(n) ? 1 : 0;
    }
    expect(cache_.entries() == entries, "entries() counts them all");
    expect(cache_.dirty() == dirty, "dirty() counts what is not stored");
    expect(entries - without_slot <= settings_.size,
           "there are no more blocks with bytes than the size");
    const CacheCounters& counters = cache_.counters();
    expect(counters.read_hits == counted_.read_hits, "read hits are counted");
    expect(counters.read_misses == counted_.read_misses, "read misses are counted");
    expect(counters.write_hits == counted_.write_hits, "write hits are counted");
    expect(counters.write_misses == counted_.write_misses, "write misses are counted");
    expect(counters.zero_read_hits == counted_.zero_read_hits, "zero reads are counted");
    expect(counters.zero_write_hits == counted_.zero_write_hits, "zero writes are counted");
    expect(counters.unused_blocks == counted_.unused_blocks, "useless fetches are counted");
}

std::set<uint32_t> CacheModel::owned_slots() {
    std::set<uint32_t> owned;
    for (uint32_t n = 0; n < kBlocks; ++n) {
        const auto slot = cache_.table().find(number(n));
        if (slot && state(n) != BlockState::Clean) owned.insert(slot->value);
    }
    for (const auto& [n, slot] : downloads_) {
        expect(owned.insert(slot.value).second, "a download has a slot of its own");
    }
    for (const auto& [n, put] : uploads_) {
        if (put.slot) owned.insert(put.slot->value);
    }
    return owned;
}

uint32_t CacheModel::available() {
    const std::set<uint32_t> owned = owned_slots();
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
        if (!owned.contains(slot) && !cache_.table().pinned(SlotIndex(slot))) ++count;
    }
    return count;
}

uint32_t CacheModel::kept_for_transfers() {
    uint32_t used = 0;
    for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
        if (cache_.table().use_of(SlotIndex(slot)) != SlotUse::Free) ++used;
    }
    for (uint32_t n = 0; n < kBlocks; ++n) {
        used -= cache_.table().find(number(n)) || state(n) == BlockState::Reading ? 1 : 0;
    }
    const uint32_t reserve = 2 * settings_.uploads;
    return std::max(settings_.uploads, reserve - std::min(reserve, used));
}

/// Every slot is free or in somebody's hands: no leak.
void CacheModel::check_slots() {
    std::set<uint32_t> known = owned_slots();
    for (const Order* order : {&clean_, &protected_}) {
        for (const Use& clean : *order) {
            const auto slot = cache_.table().find(number(clean.block));
            expect(slot.has_value(), "a clean block has a slot");
            if (slot) expect(known.insert(slot->value).second, "no slot belongs to two blocks");
        }
    }
    for (const ReaderPin& one : pins_) may_linger_.insert(one.pin.slot().value);
    std::set<uint32_t> lingering;
    for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
        if (known.contains(slot) || cache_.table().use_of(SlotIndex(slot)) == SlotUse::Free) {
            continue;
        }
        expect(may_linger_.contains(slot), "only what a reader held is given back later");
        lingering.insert(slot);
    }
    for (const ReaderPin& one : pins_) lingering.insert(one.pin.slot().value);
    may_linger_ = lingering;
}

void CacheModel::check_versions() {
    for (uint32_t n = 0; n < kBlocks; ++n) {
        const uint64_t oldest = blocks_[n].oldest_unstored;
        if (oldest == 0) {
            expect(!cache_.unstored(number(n), cache_.version()), "all writes are stored");
        } else {
            expect(cache_.unstored(number(n), oldest), "a write is unstored");
            expect(blocks_[n].loose || !cache_.unstored(number(n), oldest - 1),
                   "the writes before it are stored");
        }
    }
}

void CacheModel::check_block(uint32_t n) {
    const Block& block = blocks_[n];
    const auto slot = cache_.table().find(number(n));
    const auto upload = uploads_.find(n);
    const bool sending = upload != uploads_.end() && upload->second.sending;
    bool downloading = false;
    bool being_sent = false;
    switch (state(n)) {
        case BlockState::Absent:
            expect(!slot, "what is not cached has no slot");
            if (cache_.deletions().waits(number(n)) || cache_.deletions().under_way(number(n))) {
                expect(block.truth == Bytes{} && !cache_.absent(number(n)),
                       "what is to be deleted is zeros");
                break;
            }
            expect(object_of(block) == block.truth, "what is not cached is stored");
            if (cache_.absent(number(n))) break;
            expect(!block.stored, "of a block known to be zero there is no object");
            break;
        case BlockState::Reading:
            downloading = true;
            expect(!slot && object_of(block) == block.truth, "what is being read is stored");
            break;
        case BlockState::Clean:
            expect(slot && block.stored == block.truth, "a clean block equals its object");
            if (slot) expect(slot_bytes(*slot) == block.truth, "a clean slot has its bytes");
            break;
        case BlockState::Filling: downloading = true; [[fallthrough]];
        case BlockState::Partial: check_partly_known(n); break;
        case BlockState::Writing:
        case BlockState::Rewritten: being_sent = true; [[fallthrough]];
        case BlockState::Dirty:
            expect((slot ? slot_bytes(*slot) : Bytes{}) == block.truth,
                   "a dirty block has the newest bytes");
            if (slot) expect(cache_.table().use_of(*slot) == SlotUse::Dirty, "readers may see it");
    }
    expect(downloading == downloads_.contains(n), "the state tells of a download");
    expect(being_sent == sending, "the state tells of an upload");
}

void CacheModel::check_partly_known(uint32_t n) {
    const Block& block = blocks_[n];
    const auto slot = cache_.table().find(number(n));
    const std::vector<ByteRange> gaps = cache_.gaps(number(n));
    if (state(n) == BlockState::Partial) {
        expect(slot && !gaps.empty(), "what is known wholly is not partial");
    }
    if (!slot) {
        expect(block.truth == Bytes{}, "without a slot it is zeros");
        return;
    }
    expect(cache_.table().use_of(*slot) == SlotUse::Private, "no reader may see it");
    Bytes merged = slot_bytes(*slot);
    const Bytes object = object_of(block);
    for (const ByteRange& gap : gaps) {
        std::copy(object.begin() + gap.begin, object.begin() + gap.end, merged.begin() + gap.begin);
    }
    expect(merged == block.truth, "what was written and the object's rest are the truth");
}

void CacheModel::judge_refused_write(uint32_t n, const Before& before) {
    if (before.at_limit) return;
    follow_evictions(false);
    if (before.state == BlockState::Clean) use(n);  // a reader holds it: it is in use
    const bool settled = before.state == BlockState::Clean || before.state == BlockState::Dirty;
    expect(!settled || before.held || before.zeros, "a slot of its own is room enough");
    const bool own_reserve = before.state == BlockState::Writing && !before.zeros;
    // Zeros have no slot.
    const bool new_entry =
        before.state == BlockState::Absent || before.state == BlockState::Clean || before.zeros;
    const uint32_t keep = own_reserve ? 0 : new_entry ? kept_for_transfers() : settings_.uploads;
    expect(before.room <= keep, "a write finds room if there is any");
    if (own_reserve) expect(!pins_.empty(), "an upload has a slot for the next version");
}

/// The cache must be able to take as many other blocks as its size says.
void CacheModel::check_no_slot_is_lost() {
    for (uint32_t i = 0; i < settings_.size; ++i) {
        expect(cache_.begin_fetch(number(kBlocks + i), BlockCache::Need::Client, now_).has_value(),
               "no slot is lost");
    }
    expect(!cache_.begin_fetch(number(kBlocks + settings_.size), BlockCache::Need::Client, now_),
           "no slot is won");
}

void CacheModel::use(uint32_t n) {
    forget(n);
    const Instant at = SlotMarks::rounded(now_);
    (is_protected(n) ? protected_ : clean_).push_back({n, at, at});
}

void CacheModel::forget(uint32_t n) {
    for (Order* order : {&clean_, &protected_}) {
        std::erase_if(*order, [n](const Use& use) { return use.block == n; });
    }
}

void CacheModel::defer_oldest(Order& order) {
    const Use deferred{order.front().block, order.back().at, order.back().latest};
    order.pop_front();
    order.push_back(deferred);
}

bool CacheModel::held(uint32_t n) {
    const auto slot = cache_.table().find(number(n));
    return slot && cache_.table().pinned(*slot);
}

int64_t CacheModel::evicted_of(const Order& order) const {
    return std::ranges::count_if(
        order, [&](const Use& clean) { return state(clean.block) != BlockState::Clean; });
}

void CacheModel::follow_evictions(bool found_room) {
    follow_evictions_of(clean_);
    if (found_room && evicted_of(protected_) == 0) return;
    expect_all_held(clean_);
    follow_evictions_of(protected_);
    if (!found_room) expect_all_held(protected_);
}

void CacheModel::follow_evictions_of(Order& order) {
    if (!strict(order)) {
        std::erase_if(order, [&](const Use& use) { return state(use.block) != BlockState::Clean; });
        return;
    }
    auto evicted = evicted_of(order);
    while (evicted > 0 && error_.empty()) {
        const uint32_t oldest = order.front().block;
        if (held(oldest)) {
            defer_oldest(order);
            continue;
        }
        expect(state(oldest) != BlockState::Clean, "the oldest that nobody holds is evicted");
        order.pop_front();
        --evicted;
    }
}

void CacheModel::expect_all_held(Order& order) {
    for (const Use& use : order) expect(held(use.block), "what nobody holds makes room");
    if (!strict(order)) return;
    for (size_t i = order.size(); i > 0; --i) defer_oldest(order);
}

void CacheModel::expire() {
    check_next_expiry();
    const uint32_t dropped = cache_.drop_expired(now_);
    uint32_t expected = expire_strictly(protected_);
    expected += strict(clean_) ? expire_strictly(clean_) : expire_loosely(clean_);
    expect(dropped == expected, "what has expired is dropped");
    for (const Order* order : {&clean_, &protected_}) {
        expect(evicted_of(*order) == 0, "what has not expired stays");
    }
}

void CacheModel::check_next_expiry() {
    Instant latest = kNever;
    Instant exact = kNever;
    if (settings_.timeout != Duration::zero()) {
        if (!protected_.empty()) exact = protected_.front().at + settings_.timeout;
        for (const Use& use : clean_) latest = std::min(latest, use.latest + settings_.timeout);
    }
    const Instant next = cache_.next_expiry();
    if (strict(clean_)) return expect(next == std::min(exact, latest), "the oldest expires first");
    if (latest != kNever) latest = std::max(latest, now_ + settings_.timeout / 16);
    expect(next <= std::min(exact, latest), "the oldest expires soon");
    expect(next != kNever || (clean_.empty() && protected_.empty()) ||
               settings_.timeout == Duration::zero(),
           "what is clean will expire");
    expect(next == kNever || !clean_.empty() || !protected_.empty(), "nothing wakes an idle cache");
}

/// Those that have expired are gone, or held and so in use. Returns how many are gone.
uint32_t CacheModel::expire_strictly(Order& order) {
    if (settings_.timeout == Duration::zero()) return 0;
    uint32_t gone = 0;
    while (!order.empty() && order.front().at + settings_.timeout <= now_) {
        const uint32_t n = order.front().block;
        if (held(n)) {
            use(n);
        } else {
            order.pop_front();
            ++gone;
        }
    }
    return gone;
}

/// The same with S3-FIFO, which looks for them only now and then.
uint32_t CacheModel::expire_loosely(Order& order) {
    uint32_t gone = 0;
    for (auto use = order.begin(); use != order.end();) {
        const bool expired =
            settings_.timeout != Duration::zero() && use->at + settings_.timeout <= now_;
        if (state(use->block) != BlockState::Clean) {
            expect(expired && !held(use->block), "only what has expired is dropped");
            use = order.erase(use);
            ++gone;
            continue;
        }
        if (expired && held(use->block)) use->latest = SlotMarks::rounded(now_);
        const bool late = settings_.timeout != Duration::zero() &&
                          use->latest + settings_.timeout + settings_.timeout / 16 <= now_;
        expect(!late, "what has expired does not stay for long");
        ++use;
    }
    return gone;
}

}  // namespace s3b::cache
