// SPDX-License-Identifier: Apache-2.0
#include "cache/s3_fifo.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b::cache {

namespace {
constexpr uint32_t kSmallShare = 10;  // the small queue is a tenth
}

S3Fifo::S3Fifo(SlotLinks& links, SlotMarks& marks, uint32_t cached, Duration timeout)
    : marks_(marks),
      small_(links),
      main_(links),
      ghosts_(cached - cached / kSmallShare),
      timeout_(timeout) {
    CHECK(!marks.empty());
}

void S3Fifo::push(SlotIndex slot, BlockNumber block, Instant now) {
    uint32_t flags = marks_.flags(slot);
    CHECK((flags & kQueued) == 0);
    if (ghosts_.remove(block)) flags |= kInMain;
    queue_of(flags).push(slot);
    marks_.set_flags(slot, flags | kQueued);
    note_time(slot, now);
}

void S3Fifo::touch(SlotIndex slot, Instant now) {
    count_use(slot);
    if (timeout_ > Duration::zero()) marks_.use(slot, now);
}

void S3Fifo::remove(SlotIndex slot) {
    const uint32_t flags = marks_.flags(slot);
    CHECK((flags & kQueued) != 0);
    queue_of(flags).remove(slot);
    marks_.set_flags(slot, flags & ~kQueued);
    count_use(slot);
}

void S3Fifo::forget(SlotIndex slot) {
    const uint32_t flags = marks_.flags(slot);
    if ((flags & kQueued) != 0) queue_of(flags).remove(slot);
    marks_.set_flags(slot, 0);
}

void S3Fifo::evict(SlotIndex slot, BlockNumber block) {
    if ((marks_.flags(slot) & kInMain) == 0) ghosts_.insert(block);
    forget(slot);
}

void S3Fifo::inherit(SlotIndex from, SlotIndex to) {
    CHECK(((marks_.flags(from) | marks_.flags(to)) & kQueued) == 0);
    marks_.set_flags(to, marks_.flags(from));
}

SlotIndex S3Fifo::candidate() {
    for (uint32_t moves = 0;; ++moves) {
        const bool from_small =
            main_.empty() ||
            (!small_.empty() && uint64_t{small_.size()} * kSmallShare >= uint64_t{size()});
        const SlotIndex slot = *(from_small ? small_ : main_).oldest();
        const uint32_t flags = marks_.flags(slot);
        const uint32_t count = flags & kCount;
        if (moves == kMaxMoves) return slot;
        if (from_small) {
            if (count <= 1) return slot;
            move_to_main(slot);
            marks_.set_flags(slot, kQueued | kInMain);  // what it did in the small queue is past
        } else {
            if (count == 0) return slot;
            main_.renew(slot);
            marks_.set_flags(slot, flags - 1);
        }
    }
}

void S3Fifo::move_to_main(SlotIndex slot) {
    small_.remove(slot);
    main_.push(slot);
    marks_.set_flags(slot, marks_.flags(slot) | kInMain);
}

void S3Fifo::hold(SlotIndex slot) {
    if ((marks_.flags(slot) & kInMain) != 0) {
        main_.renew(slot);
    } else {
        move_to_main(slot);
    }
}

void S3Fifo::count_use(SlotIndex slot) {
    const uint32_t flags = marks_.flags(slot);
    if ((flags & kCount) < kMaxCount) marks_.set_flags(slot, flags + 1);
}

// ---- expiry

void S3Fifo::note_time(SlotIndex slot, Instant now) {
    if (timeout_ == Duration::zero()) return;
    marks_.use(slot, now);
    oldest_ = std::min(oldest_, marks_.used(slot));
    sweep_oldest_ = std::min(sweep_oldest_, marks_.used(slot));
    used_slots_ = std::max(used_slots_, slot.value + 1);
}

Instant S3Fifo::next_expiry() const {
    if (size() == 0 || oldest_ == kNever) return kNever;
    return std::max(oldest_ + timeout_, not_before_);
}

uint32_t S3Fifo::sweep_end() const { return std::min(used_slots_ - sweep_at_, kSweep) + sweep_at_; }

void S3Fifo::finish_sweep(Instant now) {
    sweep_at_ = 0;
    oldest_ = sweep_oldest_;
    sweep_oldest_ = kNever;
    not_before_ = now + timeout_ / 16;
}

}  // namespace s3b::cache
