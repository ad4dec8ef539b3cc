// SPDX-License-Identifier: Apache-2.0
// The second half of a Daemon: serving, unmounting, writing back, and what goes on beside.
#include <unistd.h>

#include <algorithm>

#include "engine/base/log.h"
#include "engine/daemon.h"
#include "engine/options.h"
#include "engine/start_up.h"

namespace s3b {

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
    if (metrics_) background.spawn(metrics_->serve());
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
    if (metrics_) metrics_->stop();
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

bool Daemon::listen_for_metrics() {
    if (!config_.metrics) return true;
    auto server = MetricsServer::listen(reactor_.ring(), *config_.metrics,
                                        [this] { return metrics_as_text(volume_->metrics()); });
    if (!server.has_value()) {
        say(describe(server.error()));
        return false;
    }
    metrics_ = std::move(*server);
    log::info("serving metrics", log::kv("address", config_.metrics->address),
              log::kv("port", int{metrics_->port()}), log::kv("path", config_.metrics->path));
    return true;
}

/// What the volume does not know.
void Daemon::add_metrics(MetricsInput& input) const {
    if (ring_file_) {
        const RingFile::Times& times = ring_file_->times();
        input.histograms.insert(input.histograms.end(), {{"cache_file", "read", &times.read},
                                                         {"cache_file", "write", &times.write},
                                                         {"cache_file", "sync", &times.sync}});
    }
    if (session_) input.requests = session_->counts().named();
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
