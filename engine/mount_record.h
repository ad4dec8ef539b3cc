// SPDX-License-Identifier: Apache-2.0
// Which mounts there are on this host: each process keeps a file, locked for its life, in a folder
// that all can find. So a mount can wait for a former one that still writes back, and so can people
// (--wait-unmounted). Without that folder all else works.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "net/credential_sources.h"

namespace s3b {

/// What a process says of its mount.
struct MountFacts {
    pid_t pid = 0;
    bool unmounted = false;   // it only writes back what is dirty
    std::string mount_point;  // absolute
    std::string store;        // as store_name()

    MountFacts() = default;
};

/// The folder of the records: /run/s3backer for root, else one in XDG_RUNTIME_DIR; empty if there
/// is none.
std::string mount_record_folder(const net::Variables& variables);

/// The record of this process. Not thread-safe; all of it blocks for an instant.
class MountRecord {
public:
    /// Nothing is recorded if the folder cannot be written to.
    MountRecord(const std::string& folder, MountFacts facts);
    ~MountRecord();
    MountRecord(const MountRecord&) = delete;
    MountRecord& operator=(const MountRecord&) = delete;

    /// From now on it only writes back.
    void set_unmounted();

private:
    void write();

    MountFacts facts_;
    std::string path_;
    int descriptor_ = -1;
};

/// The mounts whose processes live. Records of others are removed.
std::vector<MountFacts> recorded_mounts(const std::string& folder);
/// Ends when the process of `facts` has ended; blocks.
void wait_for_end(const std::string& folder, const MountFacts& facts);
/// --wait-unmounted: waits for the processes that have or had mounted `mount_point`, and tells what
/// for. The exit status.
int wait_unmounted(const std::string& mount_point, const net::Variables& variables);

}  // namespace s3b
