// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_file.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"
#include "engine/reactor/sync.h"

namespace s3b {

FakeFile::FakeFile(std::vector<std::byte> image, std::function<Duration()> delay)
    : now_(std::move(image)), durable_(now_), delay_(std::move(delay)) {}

void FakeFile::apply(const Write& write, std::vector<std::byte>& image) {
    std::ranges::copy(write.bytes, image.begin() + static_cast<ptrdiff_t>(write.offset));
}

/// Each sector by itself, none of them in part.
void FakeFile::apply_some(const Write& write, std::vector<std::byte>& image, const Choose& choose) {
    const uint32_t kind = choose(4);  // lost, kept, or torn
    if (kind == 0) return;
    const uint64_t end = write.offset + write.bytes.size();
    for (uint64_t at = write.offset; at < end;) {
        const uint64_t next = std::min(end, (at / kSector + 1) * kSector);
        if (kind == 1 || choose(2) == 0) {
            std::ranges::copy(std::span(write.bytes).subspan(at - write.offset, next - at),
                              image.begin() + static_cast<ptrdiff_t>(at));
        }
        at = next;
    }
}

Task<void> FakeFile::pass_delay() {
    co_await delays_.wait_until(Scheduler::current().now() + delay_());
}

Task<Result<void>> FakeFile::read(uint64_t offset, std::span<std::byte> into) {
    CHECK(offset + into.size() <= now_.size());
    co_await pass_delay();
    if (reads_fail_) co_return Error(Errc::Io, "told to fail", EIO);
    std::ranges::copy_n(now_.begin() + static_cast<ptrdiff_t>(offset),
                        static_cast<ptrdiff_t>(into.size()), into.begin());
    co_return ok();
}

Task<Result<void>> FakeFile::write(uint64_t offset, std::span<const std::byte> from) {
    CHECK(offset + from.size() <= now_.size());
    ++writes_;
    Write begun{offset, {from.begin(), from.end()}};
    for (const Write& other : unsynced_) {  // the order of such writes would be left to chance
        const bool apart = other.ended || other.offset + other.bytes.size() <= offset ||
                           offset + from.size() <= other.offset;
        CHECK(apart);
    }
    const auto mine = unsynced_.insert(unsynced_.end(), std::move(begun));
    if (step_) step_();
    co_await pass_delay();
    CHECK(std::ranges::equal(mine->bytes, from));  // nobody has changed them meanwhile
    if (writes_fail_) {
        unsynced_.erase(mine);
        co_return Error(Errc::Io, "told to fail", EIO);
    }
    mine->ended = true;
    mine->number = ++ended_;
    apply(*mine, now_);
    const auto place = std::ranges::find_if(unsynced_, [](const Write& w) { return !w.ended; });
    unsynced_.splice(place, unsynced_, mine);
    if (step_) step_();
    co_return ok();
}

Task<void> FakeFile::punch(uint64_t offset, uint64_t length) {
    const std::vector<std::byte> zeros(length);
    const Result<void> written = co_await write(offset, zeros);
    (void)written;
}

Task<Result<void>> FakeFile::sync() {
    ++syncs_;
    const uint64_t covered = ended_;
    co_await pass_delay();
    if (syncs_fail_) co_return Error(Errc::Io, "told to fail", EIO);
    while (!unsynced_.empty() && unsynced_.front().ended && unsynced_.front().number <= covered) {
        apply(unsynced_.front(), durable_);
        unsynced_.pop_front();
    }
    if (step_) step_();
    co_return ok();
}

std::vector<std::byte> FakeFile::after_kill(const Choose& choose) const {
    std::vector<std::byte> image = now_;
    for (const Write& write : unsynced_) {
        if (!write.ended) apply_some(write, image, choose);
    }
    return image;
}

std::vector<std::byte> FakeFile::after_power_cut(const Choose& choose) const {
    std::vector<std::byte> image = durable_;
    for (const Write& write : unsynced_) apply_some(write, image, choose);
    return image;
}

}  // namespace s3b
