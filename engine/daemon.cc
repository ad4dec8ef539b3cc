// SPDX-License-Identifier: Apache-2.0
#include "engine/daemon.h"

#include <unistd.h>

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
    session_.reset();
    volume_.reset();
    ring_file_.reset();
    store_.reset();
}

Task<void> Daemon::live() {
    if (!create_store()) co_return;
    const bool started = co_await start();
    if (!started) co_return;
    exit_code_ = 0;
    co_await serve();
    co_await stop();
    record_.reset();
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
    bool said = false;
    while (!asked_to_stop_ && Scheduler::current().now() < end) {
        const std::vector<MountFacts> mounts = recorded_mounts(record_folder_);
        const std::string store = store_name(config_);
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
    const std::optional<VolumeFacts> facts = co_await settle_geometry(*store_, config_);
    if (!facts) co_return false;
    geometry = facts->geometry;
    codec_ = make_codec(config_, geometry);
    if (codec_ == nullptr) co_return false;
    if (!config_.test) {
        DecodeCheck check(*store_, *codec_, *facts, config_);
        const bool decodable = co_await check.run();
        if (!decodable) co_return false;
        token_.emplace(*store_, codec::ObjectNames(config_.prefix));
    }
    co_return co_await decide(geometry);
}

/// Nothing is changed before it is decided, not even the size of the cache file.
Task<bool> Daemon::decide(const Geometry& geometry) {
    if (!config_.cache.file.empty() && config_.cache.size > 0) {
        file_.emplace(file_settings(config_, geometry));
        if (const std::string wrong = file_->open(); !wrong.empty()) {
            say(wrong);
            co_return false;
        }
    }
    const MountDecision decision =
        co_await decide_mount(token_ ? &*token_ : nullptr, file_ ? &*file_ : nullptr, config_);
    if (decision.verdict == MountDecision::Verdict::Refuse) co_return false;
    if (!file_) co_return true;
    const bool recover = decision.verdict == MountDecision::Verdict::Recover;
    if (recover) continued_token_ = file_->token();
    if (const std::string wrong = file_->load(recover, config_.force); !wrong.empty()) {
        say(wrong);
        co_return false;
    }
    co_return true;
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
    if (!fits_into_memory(Volume::memory_budget(settings, *codec_))) co_return false;
    volume_.emplace(settings,
                    VolumeNeeds{*store_, cpu_pool_, scheduler_, *codec_, file_for_volume()});
    if (asked_to_stop_) co_return false;
    auto session = fusell::Session::mount(reactor_.ring(), *volume_, config_.mount);
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

Task<void> Daemon::serve() {
    phase_ = Phase::Mounted;
    MountFacts facts;
    facts.pid = getpid();
    facts.mount_point = config_.mount.mount_point;
    facts.store = store_name(config_);
    record_.emplace(record_folder_, facts);
    detacher_.ready();
    notify_.ready("mounted on " + config_.mount.mount_point);
    log::info("mounted", log::kv("on", config_.mount.mount_point), log::kv("pid", getpid()),
              log::kv("block_size", volume_->geometry().block_size),
              log::kv("blocks", volume_->geometry().blocks));
    TaskGroup background;
    background.spawn(volume_->serve());
    background.spawn(keep_alive());
    start_mirror(background);
    if (config_.list_blocks) volume_->start_survey(config_.list_threads);
    volume_->start_file_check(config_.list_threads);
    if (asked_to_stop_) tasks_.spawn(unmount(false));
    co_await session_->serve();
    co_await write_back();
    co_await background.join();
}

Task<void> Daemon::write_back() {
    phase_ = Phase::WritingBack;
    record_->set_unmounted();
    const uint64_t dirty = volume_->dirty_blocks();
    notify_.stopping("unmounted, writing back " + std::to_string(dirty) + " blocks");
    log::info("unmounted, writing back", log::kv("dirty_blocks", dirty));
    TaskGroup limit;
    if (config_.shutdown_timeout > Duration::zero()) limit.spawn(limit_writing_back());
    co_await volume_->drain();
    ending_ = true;
    phase_ended_.wake_all();
    co_await limit.join();
    if (mirror_) mirror_->stop();
}

/// shutdownTimeout. What is not stored stays in the cache file, if there is one: tokens and file
/// are left as they are.
Task<void> Daemon::limit_writing_back() {
    const Instant end = Scheduler::current().now() + config_.shutdown_timeout;
    while (!ending_ && Scheduler::current().now() < end) {
        co_await phase_ended_.wait_until(end);
    }
    if (ending_) co_return;
    gave_up_ = true;
    exit_code_ = 1;
    log::error(file_ ? "time is up: what is not stored stays in the cache file"
                     : "time is up: what is not stored is lost",
               log::kv("dirty_blocks", volume_->dirty_blocks()));
    volume_->abandon();
    store_->cancel_all();
}

/// Tells the service manager that the reactor turns, as often as it wants to know.
Task<void> Daemon::keep_alive() {
    if (notify_.watchdog() == Duration::zero()) co_return;
    while (!ending_) {
        notify_.alive();
        co_await phase_ended_.wait_until(Scheduler::current().now() + notify_.watchdog() / 2);
    }
}

void Daemon::start_mirror(TaskGroup& group) {
    if (config_.stats_mirror.empty()) return;
    StatsMirror::Settings settings;
    settings.path = config_.stats_mirror;
    settings.interval = config_.stats_mirror_interval;
    settings.text = [this] { return volume_->stats_text(); };
    settings.reset = [this] { volume_->reset_stats(); };
    mirror_.emplace(reactor_.ring(), std::move(settings));
    group.spawn(mirror_->run());
}

Task<void> Daemon::stop() {
    if (gave_up_) co_return;
    if (token_is_ours_) co_await clear_token();
    if (file_) {
        const std::string wrong = file_->release(volume_->file_is_complete());
        if (!wrong.empty()) {
            log::error("cannot bring the cache file to an end, remove it before the next mount",
                       log::kv("error", std::string_view(wrong)));
        }
    }
    log::info("all is written back, done");
}

Task<void> Daemon::watch_signals() {
    for (;;) {
        const int signal = co_await signals_.next();
        if (signal == 0) co_return;
        if (signal == SIGUSR1) {
            log_state();
            continue;
        }
        switch (phase_) {
            case Phase::Starting:
                if (store_ != nullptr && !session_) store_->cancel_all();
                break;
            case Phase::Mounted: tasks_.spawn(unmount(asked_to_stop_)); break;
            case Phase::WritingBack:
                log::warn("still writing back, which no signal but SIGKILL ends",
                          log::kv("dirty_blocks", volume_->dirty_blocks()));
                break;
        }
        asked_to_stop_ = true;
    }
}

void Daemon::log_state() {
    constexpr const char* kPhases[] = {"starting", "mounted", "writing back"};
    log::info("state", log::kv("phase", kPhases[static_cast<int>(phase_)]),
              log::kv("dirty_blocks", volume_ ? volume_->dirty_blocks() : 0),
              log::kv("asked_to_stop", asked_to_stop_),
              log::kv("ring_operations", uint64_t{reactor_.ring().in_flight()}));
    if (!volume_) return;
    std::string text = volume_->stats_text();
    for (std::string_view rest = text; !rest.empty();) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        log::write_unlimited(log::Level::Info, "state",
                             {log::kv("line", std::string_view(rest.substr(0, end)))});
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

/// Asks the kernel to unmount; serve() goes on until it has. `lazy`: also if it is in use.
Task<void> Daemon::unmount(bool lazy) {
    log::info("asked to stop, unmounting", log::kv("lazy", lazy));
    const Result<void> unmounted = co_await session_->unmount(lazy);
    if (unmounted.has_value()) co_return;
    log::warn("cannot unmount, writing back and still serving; a second signal detaches it",
              log::kv("error", unmounted.error()));
    // Whoever asks us to stop may lose patience: what is stored by then is safe.
    const Result<void> flushed = co_await volume_->write_back();
    log::info("written back", log::kv("all", flushed.has_value()));
}

}  // namespace s3b
