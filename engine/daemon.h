// SPDX-License-Identifier: Apache-2.0
// The life of a mount: makes every part in the order of their dependence, serves, and stops in the
// order that loses nothing: unmount, write back, clear the mount token.
// Source: command-line.md 5; cache-and-consistency.md 1.6.
#pragma once

#include <memory>
#include <optional>

#include "engine/config.h"
#include "engine/detach.h"
#include "engine/metrics_server.h"
#include "engine/mount_record.h"
#include "engine/mount_token.h"
#include "engine/mounted_file.h"
#include "engine/reactor/reactor.h"
#include "engine/reactor/signals.h"
#include "engine/ring_file.h"
#include "engine/service_notify.h"
#include "engine/signing_keys.h"
#include "engine/stats_mirror.h"
#include "engine/volume.h"
#include "fusell/session.h"

namespace s3b {

/// Belongs to the reactor's thread.
class Daemon final : private FileOwner {
public:
    /// `variables`: of the environment.
    Daemon(Reactor& reactor, Config config, Detacher& detacher, const net::Variables& variables);
    ~Daemon();

    /// From the first request to the store to the last. SIGTERM, SIGINT and SIGHUP unmount; none of
    /// them ends the writing back.
    Task<void> run();
    /// What the process is to exit with, after run().
    int exit_code() const { return exit_code_; }

private:
    enum class Phase { Starting, Mounted, WritingBack };

    Task<void> live();
    bool create_store();
    bool fits_into_memory(const MemoryBudget& budget) const;
    Task<bool> start();
    Task<bool> prepare(Geometry& geometry);
    Task<bool> look_at_volume(Geometry& geometry);
    Task<void> wait_for_former();
    bool decide(const Geometry& geometry, const std::optional<FoundToken>& token);
    const FileTierNeeds* file_for_volume();
    Task<bool> establish_token();
    Task<void> clear_token();
    Task<Result<void>> disown() override;
    Task<void> serve();
    void start_mirror(TaskGroup& group);
    bool listen_for_metrics();
    void add_metrics(MetricsInput& input) const;
    Task<void> stop();
    Task<void> write_back();
    Task<void> limit_writing_back();
    Task<void> keep_alive();
    Task<void> watch_signals();
    void log_state();
    Task<void> unmount(bool lazy);

    Reactor& reactor_;
    Config config_;
    Detacher& detacher_;
    ServiceNotify notify_;
    std::string record_folder_;
    std::optional<MountRecord> record_;
    Signals signals_;
    CpuPool cpu_pool_;
    net::TransferScheduler scheduler_;
    SigningKeys keys_;
    std::unique_ptr<net::ObjectStore> store_;
    std::optional<MountToken> token_;  // with S3, none for directories
    bool token_is_ours_ = false;
    std::optional<MountedFile> file_;  // with blockCacheFile
    std::optional<RingFile> ring_file_;
    std::optional<FileTierNeeds> file_needs_;
    uint32_t continued_token_ = 0;  // of an earlier mount, the blocks of which are recovered
    std::unique_ptr<codec::BlockCodec> codec_;
    std::optional<Volume> volume_;
    std::unique_ptr<fusell::Session> session_;
    std::optional<StatsMirror> mirror_;
    std::unique_ptr<MetricsServer> metrics_;
    TaskGroup tasks_;  // those that signals start
    Phase phase_ = Phase::Starting;
    bool asked_to_stop_ = false;
    bool ending_ = false;    // all is written back, or given up
    bool gave_up_ = false;   // not all is stored
    WaitQueue phase_ended_;  // who waits beside the phases
    int exit_code_ = 1;
};

}  // namespace s3b
