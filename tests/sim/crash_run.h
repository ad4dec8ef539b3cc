// SPDX-License-Identifier: Apache-2.0
// Mounts with a cache file, from a seed: random requests, then the process or the machine ends; a
// new mount recovers from what the file would hold, and shows what was promised.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>

#include "engine/cache_file.h"
#include "engine/file_io.h"
#include "tests/fakes/fake_file.h"
#include "tests/reactor/temp_folder.h"
#include "tests/sim/bucket_model.h"
#include "tests/sim/byte_model.h"
#include "tests/sim/sim_world.h"

namespace s3b {

/// A cache file as one mount has it.
struct CrashableFile {
    CrashableFile(std::vector<std::byte> image, std::function<Duration()> delay,
                  const cache::FileMapSettings& settings)
        : device(std::move(image), std::move(delay)), map(settings), needs{device, map} {}
    FakeFile device;
    cache::FileMap map;
    FileTierNeeds needs;
};

class CrashRun {
    using Objects = std::map<std::string, net::FakeBucket::Object, std::less<>>;
    static constexpr uint32_t kToken = 0x1234567;

public:
    CrashRun(uint32_t seed, const std::string& path, bool small = false)
        : random_(seed), path_(path), settings_(random_settings(small)), content_(size()) {
        verify_ = !one_in(4);
        faulty_ = one_in(3);
        make_file();
    }

    /// Several mounts, each ended by a crash.
    std::string run() {
        for (uint32_t mounts = 1 + below(4); mounts > 0 && wrong_.empty(); --mounts) mount();
        return wrong_;
    }

    /// One mount, ended by a crash at each step of the file's record, and recovered from each.
    std::string run_each_prefix() {
        every_step_ = true;
        ByteModel model(size());
        take_over(model);
        model_ = &model;
        live();
        for (Moment& moment : moments_) {
            image_ = std::move(moment.image);
            objects_ = std::move(moment.objects);
            model_ = &moment.model;
            kill_ = false;
            if (wrong_.empty()) recover();
        }
        return wrong_;
    }
    size_t moments() const { return moments_.size(); }

private:
    /// What there would be after a crash at some time, and what was promised by then.
    struct Moment {
        std::vector<std::byte> image;
        Objects objects;
        ByteModel model;
    };
    struct UnderWay {
        bool writes;
        SimRequest* request;
        size_t offset = 0;
        std::vector<std::byte> bytes;
        ByteModel::Handle watch;
        size_t number = 0;  // in the model of the bucket
    };

    uint32_t below(uint32_t limit) {
        return std::uniform_int_distribution<uint32_t>(0, limit - 1)(random_);
    }
    bool one_in(uint32_t n) { return below(n) == 0; }
    size_t size() const { return settings_.geometry.volume_size().value; }

    VolumeSettings random_settings(bool small) {
        const uint32_t block = 64U << (2 * below(small ? 2 : 3));
        const uint32_t most = small ? 12 : 60;
        VolumeSettings settings = sim_settings(block, 2 + below(most), 2 + below(most));
        CacheConfig& cache = settings.cache;
        cache.size =
            static_cast<uint32_t>(std::min<uint64_t>(cache.size, settings.geometry.blocks.value));
        cache.file = "in memory";
        cache.memory = ByteCount((1 + below(cache.size)) * uint64_t{block});
        cache.threads = 1 + below(4);
        cache.write_delay = std::chrono::milliseconds(one_in(3) ? 0 : below(300));
        if (one_in(2)) cache.policy = cache::EvictionPolicy::S3Fifo;
        cache.read_ahead = below(4);
        settings.hit_readers = below(2);
        if (one_in(5)) cache.timeout = std::chrono::milliseconds(1 + below(200));
        if (one_in(5)) cache.max_dirty = 1 + below(cache.size);
        if (one_in(5)) cache.protected_blocks = below(cache.size + 1);
        cache.sync = cache.write_delay == Duration::zero() && one_in(5);
        settings.fsync = one_in(3) ? FsyncPolicy::Store : FsyncPolicy::Cache;
        if (settings.fsync == FsyncPolicy::Store && one_in(4)) {
            settings.consistency.on = true;
            settings.consistency.keep = std::chrono::milliseconds(500);
            settings.consistency.min_write_delay = std::chrono::milliseconds(below(100));
        }
        return settings;
    }

    void make_file() {
        unlink(path_.c_str());
        CacheFile::Opened made = CacheFile::create(path_, settings_.geometry.block_size,
                                                   SlotCount(settings_.cache.size));
        ASSERT_EQ(made.wrong, "");
        ASSERT_EQ(made.file->set_token(kToken), "");
        image_.resize(made.file->header().layout.full_length());
        ASSERT_EQ(read_fully(made.file->descriptor(), image_, 0), 0);
    }

    /// By way of a real file, as a mount does.
    std::unique_ptr<CrashableFile> load_file() {
        const int descriptor = ::open(path_.c_str(), O_WRONLY);
        EXPECT_EQ(write_fully(descriptor, image_, 0), 0);
        close(descriptor);
        const CacheFile::Opened opened = CacheFile::open(path_, settings_.geometry.block_size);
        EXPECT_EQ(opened.wrong, "");
        cache::FileMapSettings settings;
        settings.layout = opened.file->header().layout;
        settings.policy = settings_.cache.policy;
        settings.verify = verify_;
        auto file = std::make_unique<CrashableFile>(
            image_, [this] { return Duration(std::chrono::microseconds(below(3000))); }, settings);
        const std::string failed = opened.file->scan(
            [&](SlotIndex slot, const cache::FileEntry& entry, CacheFile::Flaw flaw) {
                if (flaw == CacheFile::Flaw::Torn) return;
                const bool taken = file->map.load(slot, entry, settings_.geometry.blocks);
                if (!taken && entry.dirty) note("not taken", "a dirty block");
            });
        EXPECT_EQ(failed, "");
        return file;
    }

    void mount() {
        ByteModel model(size());
        take_over(model);
        model_ = &model;
        live();
        if (wrong_.empty()) recover();
    }

    /// From the mount to the crash.
    void live() {
        const std::unique_ptr<CrashableFile> file = load_file();
        SimWorld world(settings_, nullptr, &file->needs);
        bucket_model_.emplace(content_);
        world_ = &world;
        for (const auto& [key, object] : objects_) world.bucket.set(key, object.body, object.meta);
        world.bucket.set_delay([this](net::FakeBucket::Verb, std::string_view) {
            return Duration(std::chrono::microseconds(below(20'000)));
        });
        trace("mount: blocks of, blocks, cache, memory, fsync, verify",
              settings_.geometry.block_size.value, settings_.geometry.blocks.value,
              settings_.cache.size, settings_.cache.memory.value, static_cast<int>(settings_.fsync),
              int{verify_});
        if (one_in(4)) world.start_survey(1 + below(3));
        if (one_in(2)) world.volume().start_file_check(1 + below(3));
        if (one_in(2)) check_content();
        const uint32_t steps = 20 + below(every_step_ ? 40 : 150);
        if (every_step_) file->device.on_step([this, &file] { keep_moment(*file); });
        for (uint32_t i = 0; i < steps && wrong_.empty(); ++i) step();
        world.loop.run_for(std::chrono::microseconds(below(5000)));
        collect();
        file->device.on_step(nullptr);
        crash(*file);
        for (const UnderWay& left : under_way_) world.finish(*left.request);
        under_way_.clear();
    }

    /// What was found after the last crash is what there is now.
    void take_over(ByteModel& model) {
        model.begin_write(0, content_);
        model.end_write(0, content_, false);
        model.end_flush(model.begin_flush());
    }

    void step() {
        const uint32_t choice = below(100);
        if (choice < 30) {
            start_read();
        } else if (choice < 75) {
            start_write();
        } else if (choice < 85) {
            start_flush();
        } else if (choice < 88 && faulty_) {
            break_the_store();
        } else {
            world_->loop.run_for(std::chrono::microseconds(below(one_in(5) ? 400'000 : 10'000)));
        }
        collect();
        if (one_in(8)) check_bucket();
    }

    /// Some uploads fail, some are carried out without an answer.
    void break_the_store() {
        faults_seen_ = true;
        const int count = 1 + static_cast<int>(below(4));
        const net::FakeBucket::Verb verb =
            one_in(4) ? net::FakeBucket::Verb::Remove : net::FakeBucket::Verb::Put;
        if (one_in(3)) return world_->bucket.lose_reply(verb, "", count);
        world_->bucket.fail_next(verb, "", one_in(2) ? Errc::Unreachable : Errc::BadReply, count);
    }

    std::vector<std::byte> stored_in(net::FakeBucket& bucket) const {
        std::vector<std::byte> stored(size());
        const size_t block = settings_.geometry.block_size.value;
        for (const auto& [key, object] : bucket.objects()) {
            const auto number = codec::ObjectNames("").parse(key);
            std::ranges::copy(object.body,
                              stored.begin() + static_cast<ptrdiff_t>(number->value * block));
        }
        return stored;
    }

    /// The bucket alone, as after the loss of this machine with all its disks.
    void check_bucket() {
        if (settings_.fsync != FsyncPolicy::Cache) return;
        note(bucket_model_->check(stored_in(world_->bucket)), "the bucket");
    }

    template <class... Numbers>
    void trace(const char* what, Numbers... numbers) const {
        if (std::getenv("S3B_SIM_TRACE") == nullptr) return;
        std::string line = what;
        ((line += ' ' + std::to_string(numbers)), ...);
        std::fprintf(stderr, "%s\n", line.c_str());
    }

    std::pair<size_t, size_t> random_range() {
        const size_t block = settings_.geometry.block_size.value;
        const size_t offset = below(static_cast<uint32_t>(size()));
        const size_t most = std::min(size() - offset, 3 * block);
        if (one_in(2)) return {offset, 1 + below(static_cast<uint32_t>(most))};
        return {offset / block * block, block};
    }

    void start_read() {
        const auto [offset, length] = random_range();
        UnderWay read{false, nullptr, offset, {}, model_->begin_read(offset, length)};
        read.request = &world_->start_read(offset, length);
        under_way_.push_back(std::move(read));
    }

    void start_write() {
        const auto [offset, length] = random_range();
        if (model_->being_written(offset, length)) return;
        const bool zeros = one_in(6);
        value_ = value_ % 255 + 1;
        std::vector<std::byte> bytes(length, zeros ? std::byte{0} : std::byte(value_));
        trace(zeros ? "zero" : "write", offset, length, value_);
        model_->begin_write(offset, bytes);
        UnderWay write{true, nullptr, offset, bytes, {}};
        write.request =
            zeros ? &world_->start_zero(offset, length) : &world_->start_write(offset, bytes);
        if (zeros) zeroed_ = true;
        write.number = bucket_model_->begin_write(offset, bytes);
        under_way_.push_back(std::move(write));
    }

    void start_flush() {
        trace("flush");
        UnderWay flush{false, nullptr, 0, {}, model_->begin_flush()};
        flush.number = bucket_model_->begin_flush();
        flush.request = &world_->start_flush();
        under_way_.push_back(std::move(flush));
    }

    void collect() {
        for (auto i = under_way_.begin(); i != under_way_.end();) {
            if (!i->request->done) {
                ++i;
                continue;
            }
            if (i->request->failed() && !faults_seen_) note("failed without a fault", "a request");
            trace(i->writes          ? "written"
                  : i->bytes.empty() ? "flushed or read"
                                     : "?",
                  i->offset, i->bytes.size());
            end(*i);
            i = under_way_.erase(i);
        }
    }

    void end(UnderWay& ended) {
        const bool failed = ended.request->failed();
        if (ended.writes) {
            model_->end_write(ended.offset, ended.bytes, failed);
            if (!failed) bucket_model_->end_write(ended.number);
        } else if (failed) {
            model_->drop(ended.watch);
        } else if (ended.request->bytes.empty()) {
            model_->end_flush(ended.watch);
            bucket_model_->end_flush(ended.number);
        } else {
            note(model_->end_read(ended.watch, ended.request->bytes), "a read");
        }
    }

    void keep_moment(const CrashableFile& file) {
        const auto choose = [this](uint32_t limit) { return below(limit); };
        std::vector<std::byte> image =
            one_in(3) ? file.device.after_kill(choose) : file.device.after_power_cut(choose);
        std::memcpy(image.data() + 32, &kToken, sizeof kToken);
        moments_.push_back({std::move(image), world_->bucket.objects(), *model_});
    }

    /// Keeps what there would be now.
    void crash(const CrashableFile& file) {
        const auto choose = [this](uint32_t limit) { return below(limit); };
        kill_ = one_in(2);
        image_ = kill_ ? file.device.after_kill(choose) : file.device.after_power_cut(choose);
        std::memcpy(image_.data() + 32, &kToken, sizeof kToken);
        trace(kill_ ? "killed" : "power cut");
        objects_ = world_->bucket.objects();
        check_bucket();
        // What survives the end of the process: all that was acknowledged, but for zeros.
        after_ = model_->begin_read(0, size());
    }

    /// A new mount shows what was promised, and the store comes to hold the same.
    void recover() {
        const std::unique_ptr<CrashableFile> file = load_file();
        SimWorld world(settings_, nullptr, &file->needs);
        for (const auto& [key, object] : objects_) world.bucket.set(key, object.body, object.meta);
        const std::vector<std::byte> seen = world.read(0, size()).bytes;
        note(model_->check_store(seen), kill_ ? "after a kill" : "after a power cut");
        if (kill_ && !zeroed_) note(model_->end_read(after_, seen), "acknowledged, after a kill");
        world.drain();
        if (!world.volume().file_is_complete()) note("failed", "the file");
        const std::vector<std::byte> stored = stored_in(world.bucket);
        if (stored != seen)
            note("not what was read after the crash, from byte " +
                     std::to_string(std::ranges::mismatch(stored, seen).in1 - stored.begin()),
                 "the store");
        content_ = seen;
        objects_ = world.bucket.objects();
        image_ = file->device.content();
        zeroed_ = false;
        faults_seen_ = false;
    }

    void check_content() {
        const auto watch = model_->begin_read(0, size());
        note(model_->end_read(watch, world_->read(0, size()).bytes), "a read after the mount");
    }

    void note(const std::string& text, const char* where) {
        if (!text.empty() && wrong_.empty()) wrong_ = std::string(where) + ": " + text;
    }

    std::mt19937 random_;
    std::string path_;
    VolumeSettings settings_;
    bool verify_ = true;
    std::vector<std::byte> content_;  // of the volume, as far as it is promised
    std::vector<std::byte> image_;    // of the file
    Objects objects_;
    SimWorld* world_ = nullptr;
    ByteModel* model_ = nullptr;
    std::optional<BucketModel> bucket_model_;  // of this mount
    ByteModel::Handle after_;
    std::list<UnderWay> under_way_;
    uint32_t value_ = 0;
    std::vector<Moment> moments_;
    bool every_step_ = false;
    bool kill_ = false;
    bool zeroed_ = false;
    bool faulty_ = false;
    bool faults_seen_ = false;
    std::string wrong_;
};

}  // namespace s3b
