// SPDX-License-Identifier: Apache-2.0
#include "fusell/inodes.h"

#include "engine/base/check.h"

namespace s3b::fusell {

namespace {
constexpr mode_t kPermissions = 07777;
constexpr uint64_t kSector = 512;  // the unit of st_blocks, so that du tells the truth
}  // namespace

Inodes::Inodes(const Geometry& geometry, const MountSettings& settings, const MountOptions& options,
               Owner owner, time_t now)
    : geometry_(geometry),
      filename_(settings.filename),
      stats_filename_(settings.stats_filename),
      file_mode_(settings.file_mode & kPermissions),
      umask_(options.umask),
      owner_{options.uid.value_or(owner.uid), options.gid.value_or(owner.gid)},
      mounted_(now),
      file_mtime_(now),
      file_atime_(now),
      stats_atime_(now) {}

std::optional<uint64_t> Inodes::find(std::string_view name) const {
    if (name == filename_) return kFileInode;
    if (stats_filename_.empty()) return std::nullopt;
    if (name == stats_filename_) return kStatsInode;
    if (name == stats_filename_ + ".json") return kJsonInode;
    return std::nullopt;
}

std::vector<Inodes::Entry> Inodes::entries() const {
    std::vector<Entry> list;
    list.push_back({".", kRootInode, S_IFDIR});
    list.push_back({"..", kRootInode, S_IFDIR});
    list.push_back({filename_, kFileInode, S_IFREG});
    if (find(stats_filename_) == kStatsInode) {
        list.push_back({stats_filename_, kStatsInode, S_IFREG});
    }
    return list;
}

mode_t Inodes::mode_of(uint64_t inode) const {
    const mode_t type = inode == kRootInode ? S_IFDIR : S_IFREG;
    if (umask_) return type | (0777 & ~*umask_);
    if (inode == kFileInode) return type | file_mode_;
    return type | (inode == kRootInode ? 0755 : 0444);
}

struct stat Inodes::attributes(uint64_t inode, time_t now, uint64_t stats_size) const {
    struct stat s{};
    s.st_ino = inode;
    s.st_mode = mode_of(inode);
    s.st_nlink = inode == kRootInode ? 2 : 1;
    s.st_uid = owner_.uid;
    s.st_gid = owner_.gid;
    s.st_ctim.tv_sec = mounted_;
    s.st_mtim.tv_sec = mounted_;
    s.st_atim.tv_sec = mounted_;
    if (inode == kRootInode) return s;
    s.st_blksize = static_cast<blksize_t>(geometry_.block_size.value);
    if (is_statistics(inode)) {
        s.st_size = static_cast<off_t>(stats_size);
        s.st_mtim.tv_sec = now;
        s.st_atim.tv_sec = stats_atime_;
        return s;
    }
    s.st_size = static_cast<off_t>(file_size());
    s.st_blocks = static_cast<blkcnt_t>(file_size() / kSector);
    s.st_mtim.tv_sec = file_mtime_;
    s.st_atim.tv_sec = file_atime_;
    return s;
}

Result<uint64_t> Inodes::open_stats(std::string text) {
    if (stats_texts_.size() == kMaxOpenStats) {
        return Error(Errc::NoSpace, "too many open statistics files");
    }
    const uint64_t handle = next_handle_++;
    stats_texts_.emplace(handle, std::move(text));
    return handle;
}

const std::string* Inodes::stats_of(uint64_t handle) const {
    const auto found = stats_texts_.find(handle);
    return found == stats_texts_.end() ? nullptr : &found->second;
}

}  // namespace s3b::fusell
