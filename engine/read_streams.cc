// SPDX-License-Identifier: Apache-2.0
#include "engine/read_streams.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b {

ReadStreams::ReadStreams(const Settings& settings)
    : settings_(settings),
      windows_(settings.window, settings.bound, kMaxStreams),
      links_(SlotCount(kMaxStreams)),
      order_(links_),
      hungry_links_(SlotCount(kMaxStreams)),
      hungry_(hungry_links_) {
    CHECK(settings_.bound > 0);
    settings_.trigger = std::max(settings_.trigger, 1U);
}

// ---- which stream a read belongs to

/// Blocks from the last one read, in the stream's direction; negative: behind it.
int64_t ReadStreams::steps_to(const Stream& stream, BlockNumber block) {
    const int64_t forward = int64_t{block.value} - int64_t{stream.last.value};
    return stream.direction == Direction::Forward ? forward : -forward;
}

/// How well `block`, which is within its reach, goes on with `stream`: the higher, the better.
int ReadStreams::fit(const Stream& stream, BlockNumber block) {
    switch (steps_to(stream, block)) {
        case 1: return stream.run > 1 ? 4 : 2;
        case 0: return 3;
        default: return 1;
    }
}

std::optional<uint32_t> ReadStreams::find(BlockNumber block) const {
    constexpr int kSameBlock = 3;
    std::optional<uint32_t> best;
    int best_fit = 0;
    // The usual case: the stream that was read last goes on.
    if (used_ > 0 && reaches_[latest_].covers(block)) {
        best = latest_;
        best_fit = fit(streams_[latest_], block);
        if (best_fit >= kSameBlock) return best;
    }
    for (uint32_t i = 0; i < used_; ++i) {
        if (!reaches_[i].covers(block)) continue;
        const int this_fit = fit(streams_[i], block);
        if (this_fit <= best_fit) continue;
        best = i;
        best_fit = this_fit;
    }
    return best;
}

void ReadStreams::note_read(BlockNumber block, Answer answer) {
    const auto found = find(block);
    if (!found) {
        begin(block);
        return;
    }
    latest_ = *found;
    Stream& stream = streams_[*found];
    stream.read_at = ++reads_;
    order_.renew(SlotIndex(*found));
    if (stream.last != block) advance(*found, block, answer);
}

void ReadStreams::begin(BlockNumber block) {
    uint32_t index = used_;
    if (used_ < kMaxStreams) {
        ++used_;
        order_.push(SlotIndex(index));
    } else {
        index = order_.oldest()->value;
        order_.renew(SlotIndex(index));
        windows_.close(index);
    }
    Stream& stream = streams_[index];
    const bool hungry = stream.hungry;
    stream = Stream();
    stream.hungry = hungry;
    stream.last = block;
    stream.run = 1;
    stream.read_at = ++reads_;
    latest_ = index;
    if (settings_.trigger == 1) open_window(index);
    updated(index);
}

void ReadStreams::advance(uint32_t index, BlockNumber block, Answer answer) {
    Stream& stream = streams_[index];
    if (stream.run == 1 && steps_to(stream, block) < 0) {
        stream.direction = Direction::Backward;  // the second block of a candidate tells
        stream.ahead = 0;
    }
    const auto steps = static_cast<uint32_t>(steps_to(stream, block));
    const bool claimed = steps <= stream.ahead;
    stream.last = block;
    stream.ahead -= std::min(steps, stream.ahead);
    stream.position += steps;
    stream.run = std::min(stream.run + 1, std::max(settings_.trigger, 2U));  // no more is asked for
    const bool fell_short = answer == Answer::Joined || (answer == Answer::Missed && !claimed);
    if (windows_.is_open(index)) {
        if (fell_short) grow_window(index);
    } else if (stream.run >= settings_.trigger) {
        open_window(index);
    }
    updated(index);
}

/// To be called after each change of a stream.
void ReadStreams::updated(uint32_t index) {
    Stream& stream = streams_[index];
    constexpr uint32_t kLastNumber = ~uint32_t{0};
    const uint32_t last = stream.last.value;
    const uint32_t far = std::max(stream.ahead, 1U);
    // The second block of a candidate may be on either side.
    const bool forward = stream.direction == Direction::Forward;
    const uint32_t below = !forward ? far : stream.run == 1 ? 1 : 0;
    const uint32_t above = forward ? far : 0;
    const uint32_t low = last - std::min(below, last);
    const uint32_t high = last + std::min(above, kLastNumber - last);
    reaches_[index] = Reach{low, high - low};
    if (stream.hungry || !wants_more(index)) return;
    stream.hungry = true;
    hungry_.push(SlotIndex(index));
}

// ---- windows

void ReadStreams::open_window(uint32_t index) {
    find_room(ReadWindows::kFirst);
    windows_.open(index);
    window_changed(index);
}

/// Grows the window, but only once while as many blocks are read, and not before it was used:
/// a single long request is no reason, and what the last growth has changed must show first.
void ReadStreams::grow_window(uint32_t index) {
    const Stream& stream = streams_[index];
    const uint32_t size = windows_.size(index);
    const bool shown = size == 0 || (stream.tried && stream.position >= stream.grows_from);
    if (!windows_.adapts() || !shown) return;
    find_room(windows_.growth(index));
    windows_.grow(index);
    window_changed(index);
}

void ReadStreams::window_changed(uint32_t index) {
    Stream& stream = streams_[index];
    stream.tried = false;
    stream.grows_from = stream.position + windows_.size(index);
}

/// Takes windows from streams that were not read for long, until so many blocks are free.
void ReadStreams::find_room(uint32_t blocks) {
    if (!windows_.adapts()) return;
    while (windows_.free() < blocks) {
        std::optional<uint32_t> idle;
        for (uint32_t i = 0; i < used_; ++i) {
            const bool older = !idle || streams_[i].read_at < streams_[*idle].read_at;
            if (windows_.size(i) > 0 && older) idle = i;
        }
        if (!idle || reads_ - streams_[*idle].read_at < kIdleReads) return;
        windows_.close(*idle);
    }
}

void ReadStreams::note_unused(BlockNumber block) {
    if (!windows_.adapts()) return;
    for (uint32_t i = 0; i < used_; ++i) {
        Stream& stream = streams_[i];
        const int64_t steps = steps_to(stream, block);
        if (!windows_.is_open(i) || steps < 1 || steps > int64_t{stream.ahead}) continue;
        // All that was claimed with the old window shrinks it once.
        if (stream.position + static_cast<uint64_t>(steps) > stream.blamed_up_to) {
            windows_.shrink(i);
            stream.blamed_up_to = stream.position + stream.ahead;
            window_changed(i);
        }
        return;
    }
}

// ---- claims

/// Blocks between the last one read and the end of the volume in the stream's direction.
uint32_t ReadStreams::blocks_left(const Stream& stream) const {
    if (stream.direction == Direction::Backward) return stream.last.value;
    return static_cast<uint32_t>(settings_.blocks.value - 1 - stream.last.value);
}

bool ReadStreams::wants_more(uint32_t index) const {
    const Stream& stream = streams_[index];
    return stream.ahead < std::min(windows_.size(index), blocks_left(stream));
}

std::optional<ReadStreams::Claim> ReadStreams::claim() {
    while (const auto next = hungry_.oldest()) {
        const uint32_t index = next->value;
        hungry_.remove(*next);
        Stream& stream = streams_[index];
        stream.hungry = false;
        if (!wants_more(index)) continue;  // another stream has its place, or its window shrank
        ++stream.ahead;
        stream.tried = true;
        updated(index);
        const uint32_t last = stream.last.value;
        const bool forward = stream.direction == Direction::Forward;
        return Claim{BlockNumber(forward ? last + stream.ahead : last - stream.ahead), index};
    }
    return std::nullopt;
}

void ReadStreams::give_back(const Claim& claim) {
    Stream& stream = streams_[claim.stream];
    DCHECK(stream.ahead > 0);
    --stream.ahead;
    updated(claim.stream);
}

}  // namespace s3b
