// SPDX-License-Identifier: Apache-2.0
// What is in a mount: root, the volume's file, the statistics as text and as JSON. Pure: the caller
// tells the time. Source: command-line.md 3.1.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/types.h"
#include "fusell/mount_options.h"
#include "fusell/mount_settings.h"

namespace s3b::fusell {

inline constexpr uint64_t kRootInode = 1;
inline constexpr uint64_t kFileInode = 2;
inline constexpr uint64_t kStatsInode = 3;
inline constexpr uint64_t kJsonInode = 4;  // its name is not listed

/// Whether it is one of the two texts about us.
inline bool is_statistics(uint64_t inode) { return inode == kStatsInode || inode == kJsonInode; }

struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Names, attributes and times, and the texts of open statistics files. Belongs to one thread.
class Inodes {
public:
    /// `now` is the time of the mount; times have whole seconds. `owner` unless the options of the
    /// mount name another.
    Inodes(const Geometry& geometry, const MountSettings& settings, const MountOptions& options,
           Owner owner, time_t now);

    /// The inode of `name` in the root. The volume's file wins if both have one name.
    std::optional<uint64_t> find(std::string_view name) const;
    struct Entry {
        std::string name;
        uint64_t inode;
        mode_t mode;
    };
    /// The listing of the root, with . and .. first.
    std::vector<Entry> entries() const;

    /// Attributes of one of the inodes. `stats_size` is that of the statistics as of now.
    struct stat attributes(uint64_t inode, time_t now, uint64_t stats_size) const;
    uint64_t file_size() const { return geometry_.volume_size().value; }
    const Geometry& geometry() const { return geometry_; }

    void file_accessed(time_t now) { file_atime_ = now; }
    void file_modified(time_t now) { file_mtime_ = now; }
    void stats_accessed(time_t now) { stats_atime_ = now; }

    /// So many open statistics files keep their text at a time.
    static constexpr size_t kMaxOpenStats = 1024;
    /// Keeps `text` for one open statistics file; its handle. Errors: NoSpace (kMaxOpenStats).
    Result<uint64_t> open_stats(std::string text);
    /// The text of that open file; nullptr if there is none.
    const std::string* stats_of(uint64_t handle) const;
    /// No effect if there is no such file.
    void close_stats(uint64_t handle) { stats_texts_.erase(handle); }

private:
    mode_t mode_of(uint64_t inode) const;

    Geometry geometry_;
    std::string filename_;
    std::string stats_filename_;
    mode_t file_mode_;
    std::optional<mode_t> umask_;
    Owner owner_;
    time_t mounted_;
    time_t file_mtime_;
    time_t file_atime_;
    time_t stats_atime_;
    uint64_t next_handle_ = 1;
    std::unordered_map<uint64_t, std::string> stats_texts_;
};

}  // namespace s3b::fusell
