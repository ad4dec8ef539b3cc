// SPDX-License-Identifier: Apache-2.0
// Random requests, faults and delays from a seed, against the byte model; at the end everything is
// written back, and a fresh volume on the same store shows the same bytes.
//   S3B_SIM_SEEDS=FIRST-LAST   which seeds to run (default below); a failure prints its seed.
//   S3B_SIM_TRACE=1            says on stderr what is done, and how it ends.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/sim/byte_model.h"
#include "tests/sim/sim_world.h"

namespace s3b {
namespace {

using Verb = net::FakeBucket::Verb;
constexpr Verb kVerbs[] = {Verb::Get, Verb::Put, Verb::Remove, Verb::RemoveMany};
/// A survey that fails knows nothing: it is not to happen often.
constexpr uint32_t kFaultsForOneOfAList = 20;

class RandomRun {
public:
    explicit RandomRun(uint32_t seed)
        : random_(seed),
          settings_(random_settings()),
          size_(settings_.geometry.volume_size().value),
          model_(size_),
          world_(settings_, random_codec()) {
        world_.bucket.set_page_limit(1 + below(4));
        world_.bucket.set_delay([this](Verb, std::string_view) {
            return Duration(
                std::chrono::microseconds(below(4) == 0 ? below(300'000) : below(3000)));
        });
        if (!settings_.consistency.on) return;
        world_.bucket.show_old_versions(settings_.consistency.keep,
                                        [this](uint32_t limit) { return below(limit); });
    }

    void run(int steps) {
        trace("begins with blocks, cache, threads", settings_.geometry.blocks.value,
              settings_.cache.size, settings_.cache.threads);
        const int remount_at = one_in(2) ? -1 : random_step(steps);
        const int second_remount_at = one_in(3) ? random_step(steps) : -1;
        const int survey_at = one_in(3) ? random_step(steps) : remount_at;
        for (int i = 0; i < steps && wrong_.empty(); ++i) {
            if (i == remount_at || i == second_remount_at) remount();
            if (i == survey_at && i != second_remount_at) world_.start_survey(1 + below(3));
            step();
            collect();
        }
        settle();
        restart();
    }
    const std::string& wrong() const { return wrong_; }

private:
    enum class What { Read, Write, Flush };
    struct UnderWay {
        What what;
        SimRequest* request;
        size_t offset = 0;
        std::vector<std::byte> bytes;
        ByteModel::Handle watch;
    };

    uint32_t below(uint32_t limit) {
        return std::uniform_int_distribution<uint32_t>(0, limit - 1)(random_);
    }
    bool one_in(uint32_t n) { return below(n) == 0; }
    int random_step(int steps) { return static_cast<int>(below(static_cast<uint32_t>(steps))); }
    /// Mostly short; at times so long that all that can expire has.
    Duration random_pause() {
        if (one_in(60)) return std::chrono::hours(1 + below(100));
        return std::chrono::milliseconds(one_in(4) ? below(3000) : below(20));
    }

    VolumeSettings random_settings() {
        VolumeSettings settings = sim_settings(16U << (2 * below(3)), 1 + below(20), 1 + below(24));
        CacheConfig& cache = settings.cache;
        if (one_in(8)) cache.size = 0;
        settings.hit_readers = below(2);
        cache.threads = 1 + below(4);
        cache.write_delay = std::chrono::milliseconds(one_in(3) ? 0 : below(2000));
        if (one_in(4)) cache.timeout = std::chrono::milliseconds(1 + below(1000));
        if (one_in(3)) cache.max_dirty = 1 + below(6);
        if (one_in(2)) cache.policy = cache::EvictionPolicy::S3Fifo;
        if (one_in(3)) cache.protected_blocks = 1 + below(12);
        if (one_in(6)) {
            cache.sync = true;
            cache.write_delay = Duration::zero();
        }
        if (one_in(3)) settings.consistency = random_consistency();
        if (one_in(2)) {
            cache.read_ahead = below(6);
        } else {
            cache.read_ahead_max = ByteCount(1 + below(24 * 64));
        }
        cache.read_ahead_trigger = below(4);
        return settings;
    }

    ConsistencySettings random_consistency() {
        ConsistencySettings consistency;
        consistency.on = true;
        consistency.keep = std::chrono::milliseconds(100 + below(10'000));
        const auto delay = std::chrono::milliseconds(one_in(4) ? 0 : below(2000));
        consistency.min_write_delay = std::min<Duration>(delay, consistency.keep);
        if (one_in(3)) consistency.capacity = BlockCount(1 + below(20));
        return consistency;
    }

    /// Most volumes have none.
    std::unique_ptr<codec::BlockCodec> random_codec() {
        if (!one_in(4)) return nullptr;
        codec::BlockCodec::Settings settings;
        settings.block_size = settings_.geometry.block_size;
        settings.compression.algorithm =
            one_in(2) ? codec::Algorithm::Deflate : codec::Algorithm::Zstd;
        settings.compression.level = 1;
        if (one_in(2)) settings.cipher = codec::find_cipher("AES-128-CBC").value();
        codec::BlockKeys keys;
        keys.key = codec::LockedBytes(16);
        keys.iv_key = codec::LockedBytes(16);
        return codec::BlockCodec::create(settings, std::move(keys)).value();
    }

    void step() {
        const uint32_t choice = below(100);
        if (choice < 35) {
            start_read();
        } else if (choice < 75) {
            start_write();
        } else if (choice < 79) {
            start_flush();
        } else if (choice < 85) {
            inject();
        } else {
            world_.loop.run_for(random_pause());
        }
    }

    /// A range that is a block, several, or any bytes.
    std::pair<size_t, size_t> random_range() {
        const size_t block = settings_.geometry.block_size.value;
        if (one_in(2)) {
            const size_t blocks = settings_.geometry.blocks.value;
            const size_t first = below(static_cast<uint32_t>(blocks));
            const size_t most = std::min<size_t>(blocks - first, 4);
            return {first * block, (1 + below(static_cast<uint32_t>(most))) * block};
        }
        const size_t offset = below(static_cast<uint32_t>(size_));
        const size_t most = std::min<size_t>(size_ - offset, one_in(3) ? 3 * block : block / 2);
        return {offset, 1 + below(static_cast<uint32_t>(most))};
    }

    void start_read() {
        const auto [offset, length] = random_range();
        trace("read", offset, length);
        UnderWay read{What::Read, nullptr, offset, {}, model_.begin_read(offset, length)};
        read.request = &world_.start_read(offset, length);
        under_way_.push_back(std::move(read));
    }

    void start_write() {
        const auto [offset, length] = random_range();
        if (model_.being_written(offset, length)) return;
        const bool zeros = one_in(4);
        trace(zeros ? "zero" : "write", offset, length, value_ % 255 + 1);
        value_ = value_ % 255 + 1;
        std::vector<std::byte> bytes(length, zeros ? std::byte{0} : std::byte(value_));
        model_.begin_write(offset, bytes);
        UnderWay write{What::Write, nullptr, offset, bytes, {}};
        write.request = zeros && one_in(2) ? &world_.start_zero(offset, length)
                                           : &world_.start_write(offset, bytes);
        under_way_.push_back(std::move(write));
    }

    void start_flush() {
        trace("flush");
        UnderWay flush{What::Flush, nullptr, 0, {}, model_.begin_flush()};
        flush.request = &world_.start_flush();
        under_way_.push_back(std::move(flush));
    }

    void inject() {
        constexpr Errc kCodes[] = {Errc::ServerError, Errc::Timeout, Errc::Forbidden,
                                   Errc::BadReply, Errc::Unreachable};
        if (one_in(kFaultsForOneOfAList)) {
            world_.bucket.fail_next(Verb::List, "", kCodes[below(5)]);
            return;
        }
        if (one_in(10)) {
            down();
            return;
        }
        const Verb verb = kVerbs[below(4)];
        const std::string key =
            one_in(2)
                ? std::string()
                : SimWorld::key(below(static_cast<uint32_t>(settings_.geometry.blocks.value)));
        faults_seen_ = true;
        trace("fault, verb", static_cast<uint64_t>(verb));
        switch (verb == Verb::Get || verb == Verb::RemoveMany ? 0 : below(3)) {
            case 0:
                world_.bucket.fail_next(verb, key, kCodes[below(5)],
                                        1 + static_cast<int>(below(3)));
                break;
            case 1: world_.bucket.lose_reply(verb, key); break;
            default:
                world_.bucket.apply_late(verb, key, std::chrono::milliseconds(below(1900)));
                break;
        }
    }

    /// The store is down for a while: all fails.
    void down() {
        faults_seen_ = true;
        trace("the store is down");
        for (const Verb verb : kVerbs) {
            world_.bucket.fail_next(verb, "", Errc::Unreachable, 1 + static_cast<int>(below(40)));
        }
    }

    /// Takes in what has ended, and looks at the store.
    void collect() {
        for (auto i = under_way_.begin(); i != under_way_.end();) {
            if (!i->request->done) {
                ++i;
                continue;
            }
            judge(*i);
            i = under_way_.erase(i);
        }
        note(model_.check_store(stored_bytes()), "the store, should all else be lost");
    }

    void judge(UnderWay& ended) {
        const bool failed = ended.request->failed();
        trace(failed ? "failed: what, offset" : "done: what, offset",
              static_cast<uint64_t>(ended.what), ended.offset);
        if (failed && !faults_seen_) note("failed without a fault", "a request");
        switch (ended.what) {
            case What::Read:
                if (failed) {
                    model_.drop(ended.watch);
                } else {
                    note(model_.end_read(ended.watch, ended.request->bytes), "a read");
                }
                break;
            case What::Write: model_.end_write(ended.offset, ended.bytes, failed); break;
            case What::Flush:
                if (failed) {
                    model_.drop(ended.watch);
                } else {
                    model_.end_flush(ended.watch);
                }
                break;
        }
    }

    std::vector<std::byte> stored_bytes() {
        std::vector<std::byte> bytes(size_);
        const size_t block = settings_.geometry.block_size.value;
        for (const auto& [key, object] : world_.bucket.objects()) {
            const auto number = codec::ObjectNames("").parse(key);
            std::vector<std::byte> body = object.body;
            const codec::Received received{body, object.meta.content_encoding, object.meta.hmac};
            if (!number || !world_.codec()
                                .decode(*number, received,
                                        std::span(bytes).subspan(number->value * block, block))
                                .has_value()) {
                note("not a block: " + key, "the store");
            }
        }
        return bytes;
    }

    void end_requests() {
        world_.bucket.clear_faults();
        const bool ended = world_.loop.run_until([this] { return world_.running() == 0; });
        if (!ended) note("a request never ends", "the volume");
        collect();
    }

    /// Goes on with a volume that has to find out anew what there is.
    void remount() {
        trace("remount");
        end_requests();
        if (!wrong_.empty()) return;
        world_.drain();
        pass_old_versions();
        world_.remount();
    }

    void settle() {
        end_requests();
        if (!wrong_.empty()) return;
        world_.drain();
        world_.loop.run_for(Writeback::kSettleTime);
        note(model_.check_rest(stored_bytes()), "the store after writing back");
        if (world_.bucket.peak_puts() > static_cast<int>(settings_.cache.threads)) {
            note(std::to_string(world_.bucket.peak_puts()) + " at once", "puts");
        }
        if (world_.bucket.closest_changes() < settings_.consistency.min_write_delay) {
            note("too soon after the one before", "a put or remove");
        }
    }

    /// A fresh volume does not know what was written last.
    void pass_old_versions() { world_.loop.run_for(settings_.consistency.keep); }

    /// A volume that has seen nothing of all this.
    void restart() {
        if (!wrong_.empty()) return;
        pass_old_versions();
        world_.remount();
        const SimRequest& all = world_.read(0, size_);
        note(all.failed() ? "failed" : model_.check_rest(all.bytes), "a read after a restart");
    }

    void note(const std::string& text, const char* where) {
        if (!text.empty() && wrong_.empty()) wrong_ = std::string(where) + ": " + text;
    }

    template <class... Numbers>
    void trace(const char* what, Numbers... numbers) const {
        if (std::getenv("S3B_SIM_TRACE") == nullptr) return;
        std::string line = what;
        ((line += ' ' + std::to_string(numbers)), ...);
        std::fprintf(stderr, "%s\n", line.c_str());
    }

    std::mt19937 random_;
    VolumeSettings settings_;
    size_t size_;
    ByteModel model_;
    SimWorld world_;
    std::list<UnderWay> under_way_;
    uint32_t value_ = 0;
    bool faults_seen_ = false;
    std::string wrong_;
};

std::pair<uint32_t, uint32_t> seeds() {
    const char* range = std::getenv("S3B_SIM_SEEDS");
    uint32_t first = 1;
    uint32_t last = 2000;
    if (range != nullptr && std::sscanf(range, "%u-%u", &first, &last) == 1) last = first;
    return {first, last};
}

/// Four parts, so that ctest runs them side by side.
class RandomTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(RandomTest, EveryReadFlushAndRestartShowsWhatWasWritten) {
    const auto [first, last] = seeds();
    for (uint32_t seed = first; seed <= last; ++seed) {
        if (seed % 4 != GetParam()) continue;
        RandomRun run(seed);
        run.run(300);
        ASSERT_EQ(run.wrong(), "") << "S3B_SIM_SEEDS=" << seed << " shows it again";
    }
}

INSTANTIATE_TEST_SUITE_P(Quarters, RandomTest, ::testing::Range(0U, 4U));

}  // namespace
}  // namespace s3b
