// SPDX-License-Identifier: Apache-2.0
// A mounted file system: mount, serve, unmount.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/reactor/reactor.h"
#include "engine/reactor/task.h"
#include "fusell/kernel_facts.h"
#include "fusell/libfuse.h"
#include "fusell/mount_settings.h"
#include "fusell/operations.h"
#include "fusell/transport.h"
#include "fusell/volume_port.h"

namespace s3b::fusell {

/// The most data that one READ or WRITE of such a mount has, as the kernel is now.
ByteCount largest_request(const MountSettings& settings);

/// Belongs to the reactor's thread. serve() must have ended before it is destroyed, if it was
/// called; a mount that still exists then is detached.
class Session {
public:
    /// Mounts. The kernel mount is done when this returns; clients wait until serve() runs.
    /// `reactor` and `volume` must outlive the session. Errors, with details in the log:
    /// InvalidArgument (options), Io (mount point, the mount itself), Busy (mount point not empty).
    static Result<std::unique_ptr<Session>> mount(Reactor& reactor, VolumePort& volume,
                                                  const MountSettings& settings,
                                                  const KernelFacts& kernel = read_kernel_facts());
    /// For mount().
    Session(Reactor& reactor, VolumePort& volume, const MountSettings& settings,
            const MountOptions& options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Answers requests until the file system is unmounted, by whomever, or the kernel's connection
    /// is aborted, and all requests under way have ended. Then logs how many there were.
    Task<void> serve();
    /// Asks the kernel to unmount, through a child process, while serve() goes on: unmounting needs
    /// answers from us. `lazy`: takes it out of the tree even if it is in use; serve() then goes on
    /// until the last user has closed. Errors: Busy (in use; still mounted), Io (no fusermount3).
    Task<Result<void>> unmount(bool lazy = false);

    const RequestCounts& counts() { return operations_.counts(); }

private:
    struct Destroy {
        void operator()(fuse_session* library) const { fuse_session_destroy(library); }
    };
    Result<void> attach(const MountOptions& options, const KernelFacts& kernel);
    std::unique_ptr<Transport> make_transport(const KernelFacts& kernel, uint32_t transfer,
                                              int device);
    void set_read_ahead() const;
    bool still_mounted() const;

    Reactor& reactor_;
    VolumePort& volume_;
    std::string mount_point_;
    FuseTransport wanted_;
    uint32_t threads_;
    ByteCount read_ahead_;
    Operations operations_;
    std::unique_ptr<fuse_session, Destroy> library_;
    std::unique_ptr<Transport> transport_;
    dev_t device_ = 0;  // of the mounted file system; 0 = not mounted yet
};

}  // namespace s3b::fusell
