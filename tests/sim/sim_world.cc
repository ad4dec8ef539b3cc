// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_world.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b {

void SimLoop::run_until_idle() {
    scheduler_.update_now();
    while (scheduler_.has_ready() || scheduler_.next_due() <= scheduler_.now()) {
        scheduler_.run_turn();
    }
}

bool SimLoop::advance(Instant end) {
    const Instant next = scheduler_.next_due();
    if (next > end) return false;
    clock_.advance_to(std::max(next, clock_.now()));
    scheduler_.update_now();
    return true;
}

void SimLoop::run_for(Duration duration) {
    const Instant end = now() + duration;
    run_until_idle();
    while (advance(end)) run_until_idle();
    clock_.advance_to(end);
    run_until_idle();
}

namespace {
net::TransferLimits limits_of(const VolumeSettings& settings) {
    net::TransferLimits limits;
    limits.read_ahead = ReadAhead::places(settings.cache);
    limits.background = std::max(settings.cache.threads, 1U);
    return limits;
}

std::unique_ptr<codec::BlockCodec> plain_codec(const VolumeSettings& settings) {
    codec::BlockCodec::Settings plain;
    plain.block_size = settings.geometry.block_size;
    return std::make_unique<codec::BlockCodec>(plain);
}
}  // namespace

SimWorld::SimWorld(const VolumeSettings& settings, std::unique_ptr<codec::BlockCodec> codec,
                   const FileTierNeeds* file)
    : settings_(settings), codec_(std::move(codec)), file_(file), scheduler_(limits_of(settings)) {
    if (codec_ == nullptr) codec_ = plain_codec(settings);
    mount();
}

void SimWorld::mount() {
    volume_.reset();
    volume_ = std::make_unique<Volume>(settings_,
                                       VolumeNeeds{bucket, executor_, scheduler_, *codec_, file_});
    background_.spawn(volume_->serve());
    drained_ = false;
}

void SimWorld::remount() {
    if (!drained_) drain();
    CHECK(loop.run_until([this] { return background_.running() == 0; }));
    mount();
}

SimWorld::~SimWorld() {
    bucket.clear_faults();
    CHECK(loop.run_until([this] { return running() == 0; }));
    if (!drained_) drain();
    CHECK(loop.run_until([this] { return background_.running() == 0; }));
}

Task<void> SimWorld::await(SimRequest& request, Start task) {
    request.outcome = co_await task;
    request.done = true;
}

SimRequest& SimWorld::run(SimRequest& request, Start task) {
    requests_.spawn(await(request, std::move(task)));
    return request;
}

SimRequest& SimWorld::done(SimRequest& request) {
    request.outcome = s3b::ok();
    request.done = true;
    return request;
}

/// Every other read is tried as by a thread beside the reactor, if the volume has a reader.
bool SimWorld::hit(ByteOffset offset, std::span<std::byte> into) {
    fusell::HitReader* const reader = volume_->hit_reader(0);
    tries_beside_ = !tries_beside_;
    return reader != nullptr && tries_beside_ && reader->read_hit(offset, into);
}

SimRequest& SimWorld::start_read(uint64_t offset, uint64_t length) {
    SimRequest& request = all_.emplace_back();
    request.bytes.assign(length, std::byte{0xEE});
    if (hit(ByteOffset(offset), request.bytes)) return done(request);
    volume_->note_hits();
    if (volume_->read_at_once(ByteOffset(offset), request.bytes)) return done(request);
    return run(request, volume_->read(ByteOffset(offset), request.bytes));
}

SimRequest& SimWorld::start_write(uint64_t offset, std::vector<std::byte> bytes) {
    SimRequest& request = all_.emplace_back();
    volume_->note_hits();
    request.bytes = std::move(bytes);
    if (volume_->write_at_once(ByteOffset(offset), request.bytes)) return done(request);
    return run(request, volume_->write(ByteOffset(offset), request.bytes));
}

SimRequest& SimWorld::start_zero(uint64_t offset, uint64_t length) {
    return run(all_.emplace_back(), volume_->zero(ByteOffset(offset), ByteCount(length)));
}

SimRequest& SimWorld::start_flush() { return run(all_.emplace_back(), volume_->flush()); }

Task<Result<void>> SimWorld::drain_volume() {
    co_await volume_->drain();
    co_return s3b::ok();
}

SimRequest& SimWorld::start_drain() {
    CHECK(running() == 0 && !drained_);
    drained_ = true;
    return run(all_.emplace_back(), drain_volume());
}

SimRequest& SimWorld::finish(SimRequest& request) {
    CHECK(loop.run_until([&request] { return request.done; }));
    return request;
}

}  // namespace s3b
