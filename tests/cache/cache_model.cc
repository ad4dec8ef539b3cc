// SPDX-License-Identifier: Apache-2.0
#include "tests/cache/cache_model.h"

#include <algorithm>

namespace s3b::cache {

namespace {

using std::chrono::milliseconds;
using Need = BlockCache::Need;
using Plan = WritePlan::Kind;

CacheSettings settings_from(Random& random) {
    CacheSettings settings;
    settings.geometry = Geometry{ByteCount(16), BlockCount(64)};
    settings.size = 1 + random.below(5);
    settings.uploads = 1 + random.below(3);
    settings.max_dirty = random.one_in(2) ? 0 : 1 + random.below(settings.size);
    settings.write_delay = milliseconds(random.below(3) * 20);
    settings.timeout = milliseconds(random.below(2) * 48);
    if (random.one_in(2)) settings.policy = EvictionPolicy::S3Fifo;
    if (random.one_in(2)) settings.protected_blocks = 1 + random.below(10);
    settings.keep_clean = !random.one_in(5);
    return settings;
}

template <class Bytes>
bool all_zero(const Bytes& bytes) {
    return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

}  // namespace

CacheModel::CacheModel(uint64_t seed)
    : random_(seed),
      settings_(settings_from(random_)),
      cache_(settings_),
      slots_(BlockCache::slots_for(settings_).value) {
    for (Block& block : blocks_) {
        if (random_.one_in(2)) block.stored.emplace().fill(static_cast<uint8_t>(random_.next()));
        block.truth = object_of(block);
    }
    cache_.on_unused(&note_unused, this);
    // Slots are recycled memory: nobody may rely on what is in them.
    for (Bytes& slot : slots_) slot.fill(0xEE);
}

void CacheModel::step() {
    ++steps_;
    switch (random_.below(16)) {
        case 0:
        case 1:
        case 2: read(); break;
        case 3:
        case 4:
        case 5:
        case 6: write(); break;
        case 7:
        case 8:
            if (!downloads_.empty()) end_download(downloads_.begin()->first, true);
            break;
        case 9: begin_upload(); break;
        case 10:
        case 11:
        case 12:
            if (!uploads_.empty()) {
                const auto any = random_.below(static_cast<uint32_t>(uploads_.size()));
                advance_upload(std::next(uploads_.begin(), any)->first, true);
            }
            break;
        case 13: pin(); break;
        case 14: unpin(); break;
        default: pass_time(); break;
    }
    if (random_.one_in(8)) read_ahead();
    if (random_.one_in(12)) discard();
    if (random_.one_in(4)) delete_some(true);
    if (random_.one_in(4)) survey();
    notice_deletions();
    check();
}

void CacheModel::read() {
    const uint32_t n = random_.below(kBlocks);
    const uint32_t begin = random_.below(kBytes);
    const ByteRange range{begin, begin + 1 + random_.below(kBytes - begin)};
    const bool had_record = state(n) != BlockState::Absent;
    const Found found = cache_.look_up(number(n), range, now_);
    const bool first =
        (state(n) == BlockState::Clean || found.kind == Found::Kind::Join) && ahead_.erase(n) > 0;
    expect(found.ahead == first, "the first read of what was fetched ahead is told");
    const Bytes zeros{};
    const Bytes& from = found.kind == Found::Kind::Hit ? slot_bytes(found.slot) : zeros;
    switch (found.kind) {
        case Found::Kind::Hit:
        case Found::Kind::Zero:
            expect(std::equal(from.begin() + range.begin, from.begin() + range.end,
                              blocks_[n].truth.begin() + range.begin),
                   "a read finds what was written last");
            ++(found.kind == Found::Kind::Hit || had_record ? counted_.read_hits
                                                            : counted_.zero_read_hits);
            if (state(n) == BlockState::Clean) use(n);
            break;
        case Found::Kind::Join:
            expect(downloads_.contains(n), "a read joins only what is being downloaded");
            break;
        case Found::Kind::Fetch:
            ++counted_.read_misses;
            expect(!downloads_.contains(n), "a block is downloaded once at a time");
            fetch(n, Need::Client);
            break;
    }
}

void CacheModel::fetch(uint32_t n, Need need) {
    const bool known = state(n) != BlockState::Absent;
    const uint32_t room = available();
    const auto slot = cache_.begin_fetch(number(n), need, now_);
    follow_evictions(slot.has_value());
    if (slot) {
        downloads_.emplace(n, *slot);
        if (need == Need::Ahead) ahead_.insert(n);
        slot_bytes(*slot).fill(0xEE);
        return;
    }
    const uint32_t reserve = settings_.uploads;
    const uint32_t keep = !known ? kept_for_transfers() : need == Need::Client ? reserve : 0;
    expect(room <= keep, "a download finds room if there is any");
    // Only readers that hold slots can keep an upload from its reserve.
    if (need == Need::Upload) expect(!pins_.empty(), "the reserve has a slot for each upload");
}

void CacheModel::read_ahead() {
    const uint32_t n = random_.below(kBlocks);
    if (cache_.absent(number(n))) fetch(n, Need::Ahead);
}

void CacheModel::note_unused(void* model, BlockNumber block) {
    CacheModel& self = *static_cast<CacheModel*>(model);
    self.expect(self.ahead_.erase(block.value) > 0, "only blocks that nobody read are of no use");
    ++self.counted_.unused_blocks;
}

void CacheModel::end_download(uint32_t n, bool may_fail) {
    const SlotIndex slot = downloads_.at(n);
    downloads_.erase(n);
    if (may_fail && random_.one_in(5)) {
        cache_.fail_fetch(number(n), now_);
        ahead_.erase(n);
        return;
    }
    const auto& stored = blocks_[n].stored;
    if (stored) slot_bytes(slot) = *stored;
    fill(n, stored.value_or(Bytes{}));
    if (stored) {
        cache_.finish_fetch(number(n), now_);
    } else {
        cache_.finish_fetch_absent(number(n), now_);
    }
    if (state(n) == BlockState::Clean) {
        use(n);
    } else {
        ahead_.erase(n);
    }
    if (settings_.keep_clean || state(n) != BlockState::Clean) return;
    check_block(n);
    cache_.forget_clean(number(n));
    forget(n);
    expect(state(n) == BlockState::Absent, "without a cache nothing clean is kept");
}

void CacheModel::fill(uint32_t n, const Bytes& fetched) {
    const auto target = cache_.fill_target(number(n));
    if (!target) return;
    for (const ByteRange& gap : cache_.gaps(number(n))) {
        std::copy(fetched.begin() + gap.begin, fetched.begin() + gap.end,
                  slot_bytes(*target).begin() + gap.begin);
    }
}

void CacheModel::write() {
    const uint32_t n = random_.below(kBlocks);
    const uint32_t begin = random_.one_in(2) ? 0 : random_.below(kBytes);
    const bool whole = random_.one_in(3);
    const ByteRange range =
        whole ? ByteRange{0, kBytes} : ByteRange{begin, begin + 1 + random_.below(kBytes - begin)};
    Bytes bytes{};
    if (!random_.one_in(3)) bytes.fill(static_cast<uint8_t>(1 + random_.below(255)));
    const bool looked_at = range == ByteRange{0, kBytes} || cache_.is_zero(number(n));
    const bool zeros = looked_at && all_zero(bytes);

    const Before before{.state = state(n),
                        .zeros = zeros_record(n),
                        .held = held(n),
                        .at_limit = settings_.max_dirty != 0 && !is_dirty(state(n)) &&
                                    !(zeros && range == ByteRange{0, kBytes}) &&
                                    cache_.dirty() >= settings_.max_dirty,
                        .room = available(),
                        .version = cache_.version()};
    const WritePlan plan = cache_.begin_write(number(n), range, zeros, now_);
    if (before.state == BlockState::Clean && !before.at_limit) forget(n);
    if (plan.kind == Plan::WaitSpace) {
        expect(!zeros || range != ByteRange{0, kBytes}, "zeros need no room");
        judge_refused_write(n, before);
        return;
    }
    follow_evictions(true);
    expect(plan.kind != Plan::FillFirst, "few pieces need no download first");
    // Only a write of the whole block makes the fetched bytes useless.
    const bool unread = before.state == BlockState::Clean && ahead_.erase(n) > 0;
    if (unread && range == ByteRange{0, kBytes}) ++counted_.unused_blocks;
    apply(n, plan, range, bytes);
    note_write(n, before, plan, zeros);
}

void CacheModel::note_write(uint32_t n, const Before& before, const WritePlan& plan, bool zeros) {
    ++(before.state != BlockState::Absent ? counted_.write_hits : counted_.write_misses);
    if (cache_.version() == before.version) {
        expect(plan.kind == Plan::Done && zeros, "only zeros over zeros change nothing");
        if (before.state == BlockState::Absent) ++counted_.zero_write_hits;
        return;
    }
    expect(!before.at_limit, "no more blocks become dirty than are allowed");
    Block& block = blocks_[n];
    if (block.oldest_unstored == 0) block.oldest_unstored = cache_.version();
    if (block.since_begin_put == 0) block.since_begin_put = cache_.version();
}

void CacheModel::apply(uint32_t n, const WritePlan& plan, ByteRange range, const Bytes& bytes) {
    std::copy(bytes.begin() + range.begin, bytes.begin() + range.end,
              blocks_[n].truth.begin() + range.begin);
    if (plan.kind != Plan::Apply) return;
    Bytes& slot = slot_bytes(plan.slot);
    if (plan.copy_from) slot = slot_bytes(*plan.copy_from);
    if (plan.zero_rest) slot.fill(0);
    std::copy(bytes.begin() + range.begin, bytes.begin() + range.end, slot.begin() + range.begin);
    cache_.end_write(number(n));
}

void CacheModel::begin_upload() {
    if (uploads_.size() >= settings_.uploads) return;
    const bool due = cache_.next_due(now_) <= now_;
    const auto block = cache_.pop_due(now_);
    expect(block.has_value() == due, "next_due tells when pop_due has something");
    if (!block) return;
    expect(is_dirty(state(block->value)), "only dirty blocks are due");
    expect(uploads_.emplace(block->value, PutUnderWay()).second, "a block is uploaded once");
}

void CacheModel::advance_upload(uint32_t n, bool may_fail) {
    PutUnderWay& put = uploads_.at(n);
    if (put.sending) return end_put(n, may_fail);
    if (state(n) == BlockState::Filling) {
        put.completing = true;
        return;
    }
    if (state(n) == BlockState::Partial) {
        if (!put.completing) fetch(n, Need::Upload);
        if (downloads_.contains(n)) return;
        // No bytes, or no room.
        cache_.fail_put(number(n), now_, now_ + milliseconds(random_.below(50)));
        uploads_.erase(n);
        return;
    }
    if (cache_.deletions().under_way(number(n))) return;
    const auto slot = cache_.table().find(number(n));
    if (cache_.settle_zeros(number(n), slot && all_zero(slot_bytes(*slot)), now_)) {
        uploads_.erase(n);
        return;
    }
    put.sending = true;
    put.slot = cache_.begin_put(number(n));
    put.sent = slot_bytes(*put.slot);
    expect(put.sent == blocks_[n].truth, "an upload sends the newest bytes");
    blocks_[n].since_begin_put = 0;
}

void CacheModel::end_put(uint32_t n, bool may_fail) {
    const PutUnderWay put = uploads_.at(n);
    uploads_.erase(n);
    Block& block = blocks_[n];
    expect(slot_bytes(*put.slot) == put.sent, "the bytes being sent do not change");
    const bool fails = may_fail && random_.one_in(4);
    // An upload whose answer was lost may have taken effect.
    if (!fails || random_.one_in(2)) {
        block.stored = put.sent;
    }
    if (fails) {
        cache_.fail_put(number(n), now_, now_ + milliseconds(random_.below(50)));
        return;
    }
    cache_.finish_put(number(n), now_);
    block.oldest_unstored = block.since_begin_put;
    if (state(n) == BlockState::Clean) use(n);
}

void CacheModel::pin() {
    if (pins_.size() >= 2) return;
    auto pinned = cache_.table().try_pin(number(random_.below(kBlocks)));
    if (!pinned) return;
    const Bytes seen = slot_bytes(pinned.slot());
    pins_.push_back({std::move(pinned), seen});
}

void CacheModel::unpin() {
    if (!pins_.empty()) pins_.pop_front();
}

/// Looks at one object after the other, while all else goes on.
void CacheModel::survey() {
    switch (survey_) {
        case Survey::NotBegun:
            if (!random_.one_in(30)) return;
            cache_.begin_survey();
            surveyed_ = 0;
            survey_ = Survey::Running;
            break;
        case Survey::Running:
            if (random_.one_in(50)) {
                cache_.abandon_survey();
                survey_ = Survey::NotBegun;
            } else if (surveyed_ < kBlocks) {
                if (blocks_[surveyed_].stored) cache_.note_object(number(surveyed_));
                ++surveyed_;
            } else {
                cache_.finish_survey();
                survey_ = Survey::Done;
            }
            break;
        case Survey::Done: break;
    }
}

void CacheModel::pass_time() {
    now_ += milliseconds(random_.below(15));
    switch (random_.below(6)) {
        case 0: cache_.set_pressure(random_.one_in(2)); break;
        case 1: {
            const auto blocks = cache_.hurry_all();
            expect(blocks.size() == cache_.dirty(), "a flush is told of every dirty block");
            break;
        }
        case 2: cache_.hurry(number(random_.below(kBlocks))); break;
        case 3: cache_.hurry_deletions(now_); break;
        default: break;
    }
    expire();
}

void CacheModel::drain() {
    pins_.clear();
    cache_.set_pressure(true);
    for (int round = 0; round < 1000 && error_.empty(); ++round) {
        while (!downloads_.empty()) end_download(downloads_.begin()->first, false);
        now_ += milliseconds(50);  // the pause after a failed deletion
        cache_.hurry_deletions(now_);
        while (error_.empty() && (claim_ || cache_.next_deletion() <= now_)) {
            delete_some(false);
        }
        while (!uploads_.empty() && error_.empty()) {
            const uint32_t n = uploads_.begin()->first;
            advance_upload(n, false);
            if (downloads_.contains(n)) end_download(n, false);
        }
        notice_deletions();
        if (cache_.dirty() == 0 && cache_.deletions().size() == 0) break;
        cache_.hurry_all();
        begin_upload();
        expect(!uploads_.empty() || cache_.dirty() == 0, "every dirty block is queued");
    }
    check();
    for (const Block& block : blocks_) {
        expect(object_of(block) == block.truth, "at the end the store holds what was written");
        expect(block.oldest_unstored == 0, "at the end nothing is unstored");
    }
    check_no_slot_is_lost();
}

}  // namespace s3b::cache
