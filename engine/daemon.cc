// SPDX-License-Identifier: Apache-2.0
#include "engine/daemon.h"

#include <algorithm>

#include "engine/base/log.h"
#include "engine/decode_check.h"
#include "engine/options.h"
#include "engine/start_up.h"

namespace s3b {

namespace {

/// Reads that somebody waits for have places of their own beside those of blockCacheThreads, so
/// that they never queue behind write-back.
constexpr uint32_t kDemandPlaces = 128;
/// How often a former process is looked for.
constexpr Duration kFormerPause = std::chrono::milliseconds(50);

MountedFile::Settings file_settings(const Config& config, const Geometry& geometry) {
    MountedFile::Settings settings;
    settings.path = config.cache.file;
    settings.geometry = geometry;
    settings.slots = SlotCount(config.cache.size);
    settings.policy = config.cache.policy;
    settings.protected_blocks = config.cache.protected_blocks;
    settings.verify = config.cache.verify_file;
    return settings;
}

Task<void> read_token(MountToken& token, std::optional<FoundToken>& found) {
    found = co_await token.read();
}

std::string mebibytes(ByteCount bytes) { return std::to_string(bytes.value >> 20) + " MiB"; }

net::TransferLimits transfer_limits(const Config& config) {
    net::TransferLimits limits;
    limits.demand = kDemandPlaces;
    limits.read_ahead = ReadAhead::places(config.cache);
    limits.background = std::max(config.cache.threads, 1U);
    limits.listing = config.list_threads;
    limits.upload_rate = config.total_upload_speed;
    limits.download_rate = config.total_download_speed;
    return limits;
}

}  // namespace

Daemon::Daemon(Reactor& reactor, Config config, Detacher& detacher, const net::Variables& variables)
    : reactor_(reactor),
      config_(std::move(config)),
      detacher_(detacher),
      notify_(variables),
      record_folder_(mount_record_folder(variables)),
      signals_(reactor.ring(), {SIGTERM, SIGINT, SIGHUP, SIGUSR1}),
      cpu_pool_(reactor, config_.cpu_threads),
      scheduler_(transfer_limits(config_)),
      keys_(reactor.ring(), config_.key_source) {}

Daemon::~Daemon() = default;

Task<void> Daemon::run() {
    TaskGroup watching;
    watching.spawn(watch_signals());
    co_await live();
    signals_.stop();
    co_await watching.join();
    co_await tasks_.join();
    co_await keys_.stop();
    metrics_.reset();
    session_.reset();
    volume_.reset();
    ring_file_.reset();
    store_.reset();
    record_.reset();  // who waits for the end of this process finds hardly anything left
}

Task<void> Daemon::live() {
    if (!create_store()) co_return;
    const bool started = co_await start();
    if (!started) co_return;
    exit_code_ = 0;
    co_await serve();
    co_await stop();
}

bool Daemon::fits_into_memory(const MemoryBudget& budget) const {
    const std::string cache = "`blockCacheSize=" + std::to_string(config_.cache.size) + "'";
    log::debug("memory at the most", log::kv("slots", budget.slots),
               log::kv("bookkeeping", budget.bookkeeping), log::kv("maps", budget.maps),
               log::kv("bodies", budget.bodies), log::kv("requests", budget.requests));
    const ByteCount slack(budget.total().value / 8 + (uint64_t{256} << 20));  // all else
    if (!can_be_mapped(ByteCount(budget.total().value + slack.value))) {
        say(cache + " may need " + mebibytes(budget.total()) +
            " of memory, which cannot be had; "
            "fewer blocks, or smaller ones, need less");
        return false;
    }
    if (budget.slots > physical_memory() && !config_.quiet) {
        say("warning: " + cache + " may need " + mebibytes(budget.slots) +
            " of memory, but the machine has " + mebibytes(physical_memory()));
    }
    return true;
}

bool Daemon::create_store() {
    store_ = open_store(
        config_, net::S3Context{reactor_.ring(), cpu_pool_, scheduler_, keys_.credentials()});
    return store_ != nullptr;
}

/// A former process of this host may still write the volume back: until it has ended the volume
/// counts as mounted.
Task<void> Daemon::wait_for_former() {
    const Instant end = Scheduler::current().now() + config_.remount_timeout;
    const std::string store = store_name(config_);
    bool said = false;
    while (!asked_to_stop_ && Scheduler::current().now() < end) {
        const std::vector<MountFacts> mounts = recorded_mounts(record_folder_);
        const auto former = std::ranges::find_if(mounts, [&store](const MountFacts& facts) {
            return facts.unmounted && facts.store == store;
        });
        if (former == mounts.end()) co_return;
        if (!said) {
            say("waiting for process " + std::to_string(former->pid) +
                ", which still writes this volume back");
        }
        said = true;
        co_await sleep_for(kFormerPause);
    }
}

/// All that can be known without changing anything: whether the volume can be mounted.
Task<bool> Daemon::prepare(Geometry& geometry) {
    co_await wait_for_former();
    if (!config_.test) token_.emplace(*store_, codec::ObjectNames(config_.prefix));
    std::optional<FoundToken> token;
    TaskGroup reading;
    if (token_) reading.spawn(read_token(*token_, token));  // meanwhile: a round trip less
    const bool usable = co_await look_at_volume(geometry);
    co_await reading.join();
    if (!usable) co_return false;
    co_return decide(geometry, token);
}

Task<bool> Daemon::look_at_volume(Geometry& geometry) {
    const std::optional<VolumeFacts> facts = co_await settle_geometry(*store_, config_);
    if (!facts) co_return false;
    geometry = facts->geometry;
    codec_ = make_codec(config_, geometry);
    if (codec_ == nullptr) co_return false;
    if (config_.test) co_return true;
    DecodeCheck check(*store_, *codec_, *facts, config_);
    co_return co_await check.run();
}

/// Nothing is changed before it is decided, not even the size of the cache file.
bool Daemon::decide(const Geometry& geometry, const std::optional<FoundToken>& token) {
    if (!config_.cache.file.empty() && config_.cache.size > 0) {
        file_.emplace(file_settings(config_, geometry));
        if (const std::string wrong = file_->open(); !wrong.empty()) {
            say(wrong);
            return false;
        }
    }
    const MountDecision decision = decide_mount(token, file_ ? &*file_ : nullptr, config_);
    if (decision.verdict == MountDecision::Verdict::Refuse) return false;
    if (!file_) return true;
    const bool recover = decision.verdict == MountDecision::Verdict::Recover;
    if (recover) continued_token_ = file_->token();
    if (const std::string wrong = file_->load(recover, config_.force); !wrong.empty()) {
        say(wrong);
        return false;
    }
    return true;
}

Task<bool> Daemon::start() {
    Geometry geometry;
    const bool prepared = co_await prepare(geometry);
    if (!prepared) co_return false;
    VolumeSettings settings;
    settings.geometry = geometry;
    settings.cache = config_.cache;
    settings.consistency = config_.consistency;
    settings.fsync = config_.fsync;
    settings.prefix = config_.prefix;
    settings.block_hash_prefix = config_.block_hash_prefix;
    settings.read_only = config_.mount.read_only;
    settings.shared = config_.shared_disk;
    settings.over_http = !config_.test;
    settings.hit_readers =
        std::min(config_.mount.threads, fusell::read_kernel_facts().possible_cpus);
    settings.request = fusell::largest_request(config_.mount);
    if (!fits_into_memory(Volume::memory_budget(settings, *codec_))) co_return false;
    volume_.emplace(settings,
                    VolumeNeeds{*store_, cpu_pool_, scheduler_, *codec_, file_for_volume()});
    volume_->on_metrics([this](MetricsInput& input) { add_metrics(input); });
    if (asked_to_stop_ || !listen_for_metrics()) co_return false;
    auto session = fusell::Session::mount(reactor_, *volume_, config_.mount);
    if (!session.has_value()) {
        say("cannot mount " + config_.mount.mount_point + ": " + describe(session.error()));
        co_return false;
    }
    session_ = std::move(*session);
    // Last, so that no failure leaves a token behind.
    co_return co_await establish_token();
}

const FileTierNeeds* Daemon::file_for_volume() {
    if (!file_) return nullptr;
    RingFile::Settings settings;
    settings.descriptor = file_->descriptor();
    settings.layout = file_->map().layout();
    settings.advise = config_.cache.advise_file;
    ring_file_.emplace(reactor_.ring(), settings);
    file_needs_.emplace(FileTierNeeds{*ring_file_, file_->map(), this});
    return &*file_needs_;
}

/// A mount that is continued keeps its token: at each moment store and file have the same.
Task<bool> Daemon::establish_token() {
    Result<uint32_t> token = continued_token_ != 0 ? continued_token_ : random_token();
    if (token_ && !config_.mount.read_only) {
        if (config_.shared_disk) {
            token = co_await token_->share(config_.force);
        } else if (continued_token_ != 0) {
            token = co_await token_->keep(continued_token_);
        } else {
            token = co_await token_->establish(config_.force);
        }
        if (!token.has_value()) {
            say("cannot set the mount token: " + describe(token.error()));
            co_return false;
        }
        token_is_ours_ = !config_.shared_disk;  // the others go on
    }
    if (!file_) co_return true;
    const std::string wrong = file_->take_over(*token);
    if (wrong.empty()) co_return true;
    say(wrong);
    if (token_is_ours_ && continued_token_ == 0) co_await clear_token();
    co_return false;
}

Task<void> Daemon::clear_token() {
    const Result<void> cleared = co_await token_->clear();
    if (!cleared.has_value()) {
        log::error("cannot clear the mount token, the next mount needs --force",
                   log::kv("error", cleared.error()));
    }
}

/// In a directory, which has no token, the file's own one must do.
Task<Result<void>> Daemon::disown() {
    if (!token_) {
        const std::string wrong = file_->disown();
        if (!wrong.empty()) {
            log::error("remove the cache file before the next mount",
                       log::kv("error", std::string_view(wrong)));
        }
    }
    if (!token_is_ours_) co_return ok();
    const Result<uint32_t> other = co_await token_->establish(true);
    if (!other.has_value()) co_return other.error();
    co_return ok();
}

}  // namespace s3b
