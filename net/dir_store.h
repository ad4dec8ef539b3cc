// SPDX-License-Identifier: Apache-2.0
// Objects as files of a directory, for tests and trials without a server (--test). All file I/O
// goes through the ring; digests are computed on the reactor, as speed is not what this is for.
// Source: wire-format.md 9.
#pragma once

#include <set>
#include <string>

#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "net/object_store.h"

namespace s3b::net {

/// Belongs to the reactor's thread. All calls must have ended before it is destroyed. The object
/// `key` is the file DIRECTORY/KEY; metadata is not kept, so head() finds nothing. The ETag is the
/// MD5 of the bytes. Local failures are Io with the errno, and are not retried.
class DirStore final : public ObjectStore {
public:
    /// `directory` must exist; a key with a '/' needs its subdirectory to exist, too.
    DirStore(Ring& ring, std::string directory);

    Task<Result<GetReply>> get(std::string_view key, ReadTarget into, Precondition precondition,
                               Ticket* ticket = nullptr) override;
    /// Writes a temporary file beside the object, then renames it: a reader, and a crash of this
    /// program, see the old object or the new one.
    Task<Result<ETag>> put(const PutRequest& request, Ticket* ticket = nullptr) override;
    Task<Result<void>> remove(std::string_view key, Ticket* ticket = nullptr) override;
    Task<Result<std::vector<std::string>>> remove_many(std::span<const std::string> keys,
                                                       Ticket* ticket = nullptr) override;
    /// Reads the whole directory for each page, on the reactor; subdirectories that the prefix does
    /// not name are left out. Without ETags, which would cost reading the files.
    Task<Result<ListPage>> list(const ListRequest& request, Ticket* ticket = nullptr) override;
    Task<Result<ObjectMeta>> head(std::string_view key) override;
    /// Syncs the files written and the directories changed since the last flush. A file that could
    /// not be synced fails this and every later flush until it is written again or removed: the
    /// kernel reports such a loss once only.
    Task<Result<void>> flush() override;
    void cancel_all() override { cancelled_ = true; }

private:
    /// So many files are remembered for the next flush at the most; a put beyond syncs its file
    /// itself.
    static constexpr size_t kMaxUnsynced = 4096;

    std::string path_of(std::string_view key) const;
    Task<Result<ByteCount>> read_whole(int fd, std::span<std::byte> into);
    Task<Result<void>> write_whole(int fd, std::span<const std::byte> from);
    Task<Result<void>> write_file(const std::string& path, std::span<const std::byte> body,
                                  bool sync);
    Task<Result<void>> sync_path(std::string path, int flags);
    Task<Result<void>> sync_changed();
    Task<Result<void>> sync_all(const std::set<std::string>& paths, int flags,
                                std::set<std::string>& remaining);

    Ring& ring_;
    std::string directory_;
    std::set<std::string> unsynced_files_;
    std::set<std::string> unsynced_directories_;  // as many as the prefix has: one
    std::set<std::string> lost_files_;            // those that could not be synced
    Semaphore flushing_{1};
    bool cancelled_ = false;
};

}  // namespace s3b::net
