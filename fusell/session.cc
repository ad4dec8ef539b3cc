// SPDX-License-Identifier: Apache-2.0
#include "fusell/session.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "engine/base/log.h"
#include "engine/reactor/child_process.h"
#include "fusell/dev_transport.h"
#include "fusell/ring_transport.h"

namespace s3b::fusell {

namespace {

void log_of_library(fuse_log_level level, const char* format, va_list arguments) {
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    std::string_view line(text.data());
    while (line.ends_with('\n')) line.remove_suffix(1);
    if (level <= FUSE_LOG_ERR) {
        log::error("libfuse reports", log::kv("text", line));
    } else if (level == FUSE_LOG_DEBUG) {
        // Each request: more lines than the log admits.
        std::fprintf(stderr, "%s", text.data());
    } else {
        log::warn("libfuse reports", log::kv("text", line));
    }
}

/// The device of the file system at `path`; 0 if it cannot be told. Never asks that file system:
/// it may be our own, which only this thread serves.
dev_t device_of(const std::string& path) {
    struct statx s{};
    const int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
    if (::statx(AT_FDCWD, path.c_str(), flags, STATX_TYPE, &s) != 0) return 0;
    return makedev(s.stx_dev_major, s.stx_dev_minor);
}

Error refused(const std::string& mount_point, Error error) {
    log::error("cannot mount", log::kv("mount_point", mount_point), log::kv("error", error));
    return error;
}

/// The mount point without links, if it may be mounted on.
Result<std::string> checked_mount_point(const std::string& path, bool nonempty) {
    std::error_code failure;
    const std::filesystem::path real = std::filesystem::canonical(path, failure);
    if (failure) {
        return refused(path, Error(Errc::Io, "cannot reach the mount point", failure.value()));
    }
    const std::filesystem::directory_iterator entries(real, failure);
    if (failure) {
        return refused(path, Error(Errc::Io, "cannot list the mount point", failure.value()));
    }
    if (!nonempty && entries != std::filesystem::directory_iterator()) {
        return refused(path, Error(Errc::Busy,
                                   "the mount point is not empty; to mount over what "
                                   "is there, give the option nonempty"));
    }
    return real.string();
}

}  // namespace

ByteCount largest_request(const MountSettings& settings) {
    const Result<MountOptions> options = assemble(settings);
    const auto wanted = options.has_value() ? options->max_write : std::nullopt;
    return ByteCount(transfer_size(wanted, read_kernel_facts()));
}

Result<std::unique_ptr<Session>> Session::mount(Reactor& reactor, VolumePort& volume,
                                                const MountSettings& settings,
                                                const KernelFacts& kernel) {
    fuse_set_log_func(&log_of_library);
    TRY(const MountOptions options, assemble(settings));
    MountSettings checked = settings;
    TRY(checked.mount_point, checked_mount_point(settings.mount_point, options.nonempty));
    auto session = std::make_unique<Session>(reactor, volume, checked, options);
    TRY_VOID(session->attach(options, kernel));
    return session;
}

Session::Session(Reactor& reactor, VolumePort& volume, const MountSettings& settings,
                 const MountOptions& options)
    : reactor_(reactor),
      volume_(volume),
      mount_point_(settings.mount_point),
      wanted_(settings.transport),
      threads_(settings.fuse_debug ? 0 : settings.threads),
      read_ahead_(settings.read_ahead),
      operations_(volume, settings, options) {}

Result<void> Session::attach(const MountOptions& options, const KernelFacts& kernel) {
    std::string name = "s3backer";
    std::string flag = "-o";
    std::string list = options.for_libfuse;
    std::array<char*, 4> words{name.data(), flag.data(), list.data(), nullptr};
    fuse_args arguments = FUSE_ARGS_INIT(3, words.data());
    library_.reset(fuse_session_new(&arguments, &Operations::verbs(), sizeof(fuse_lowlevel_ops),
                                    &operations_));
    fuse_opt_free_args(&arguments);
    if (!library_) {
        return refused(mount_point_, Error(Errc::InvalidArgument, "FUSE refuses the options"));
    }
    if (fuse_session_mount(library_.get(), mount_point_.c_str()) != 0) {
        return refused(mount_point_, Error(Errc::Io, "the mount has failed"));
    }
    device_ = device_of(mount_point_);
    const int fd = fuse_session_fd(library_.get());
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    const uint32_t transfer = transfer_size(options.max_write, kernel);
    transport_ = make_transport(kernel, transfer, fd);
    const Result<void> connected = operations_.connect(library_.get(), fd, *transport_, transfer);
    if (!connected.has_value()) return refused(mount_point_, connected.error());
    if (read_ahead_.value > 0) {
        operations_.on_ready([this] { set_read_ahead(); });
    }
    return ok();
}

/// The answer to INIT can only lower it.
void Session::set_read_ahead() const {
    const std::string path = "/sys/class/bdi/" + std::to_string(major(device_)) + ':' +
                             std::to_string(minor(device_)) + "/read_ahead_kb";
    std::ofstream file(path);
    file << (read_ahead_.value + 1023) / 1024 << std::flush;
    if (file) return;
    log::warn("fuseReadAhead has no effect, the kernel does not let us change it",
              log::kv("path", path), log::kv("error", Error(Errc::Io, "write", errno)));
}

std::unique_ptr<Transport> Session::make_transport(const KernelFacts& kernel, uint32_t transfer,
                                                   int device) {
    const std::string why_not = why_not_over_ring(wanted_, kernel, reactor_.ring().wide());
    if (why_not.empty()) {
        const HitServing hits{volume_, threads_};
        return std::make_unique<RingTransport>(reactor_, device, transfer, kernel.possible_cpus,
                                               hits);
    }
    log::info("FUSE requests come through /dev/fuse, not over io_uring", log::kv("why", why_not));
    if (threads_ > 0) log::warn("fuseThreads has no effect without io_uring");
    return std::make_unique<DevTransport>(reactor_.ring(), device, transfer);
}

Session::~Session() {
    if (device_ == 0) return;
    // Closes the device, which also detaches a mount that has not ended.
    fuse_session_unmount(library_.get());
    // An aborted one stays, dead, unless it is removed. Only root may do so without a helper.
    if (still_mounted()) ::umount2(mount_point_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

bool Session::still_mounted() const { return device_of(mount_point_) == device_; }

Task<void> Session::serve() {
    co_await transport_->serve(operations_);
    co_await operations_.join();
    co_await transport_->join();
    if (log::debug_enabled()) {
        const std::string text = "requests served" + counts().text();
        log::debug(text.c_str());
    }
}

Task<Result<void>> Session::unmount(bool lazy) {
    if (!still_mounted()) co_return ok();
    std::vector<std::string> arguments{"fusermount3", lazy ? "-uz" : "-u", "--", mount_point_};
    CO_TRY(const int status, co_await run_child(reactor_.ring(), std::move(arguments)));
    // The status does not say why; and somebody else may have unmounted it meanwhile.
    if (status == 0 || !still_mounted()) co_return ok();
    log::warn("cannot unmount", log::kv("mount_point", mount_point_), log::kv("status", status));
    co_return Error(Errc::Busy, "the mount point is in use", EBUSY);
}

}  // namespace s3b::fusell
