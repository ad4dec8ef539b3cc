// SPDX-License-Identifier: Apache-2.0
#include "net/dir_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "codec/hash.h"
#include "engine/base/check.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxTransfer = size_t{1} << 30;  // the kernel moves less than 2^31 at once
constexpr int kNameAttempts = 16;

Error failed(const char* what, int32_t result) { return {Errc::Io, what, -result}; }

std::string random_suffix() {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::array<unsigned char, 6> random{};
    CHECK(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
    std::string suffix = ".";
    for (const unsigned char byte : random) suffix += kLetters[byte % kLetters.size()];
    return suffix;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
};

/// The keys that `request` asks for and one more if there is one, in their order: those of the
/// files of `path`, which begin with `folder`.
Result<std::vector<std::string>> first_keys(const std::string& path, const std::string& folder,
                                            const ListRequest& request) {
    std::vector<std::string> keys;  // a heap with the last of them on top
    const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path.c_str()));
    if (directory == nullptr && errno == ENOENT) return keys;
    if (directory == nullptr) return failed("cannot open a directory", -errno);
    for (;;) {
        errno = 0;
        const dirent* const entry = readdir(directory.get());
        if (entry == nullptr) break;
        if (entry->d_type == DT_DIR) continue;
        std::string key = folder + entry->d_name;
        if (!key.starts_with(request.prefix) || key <= request.after) continue;
        keys.push_back(std::move(key));
        std::ranges::push_heap(keys);
        if (keys.size() <= size_t{request.max_keys} + 1) continue;
        std::ranges::pop_heap(keys);
        keys.pop_back();
    }
    if (errno != 0) return failed("cannot read a directory", -errno);
    std::ranges::sort_heap(keys);
    return keys;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

DirStore::DirStore(Ring& ring, std::string directory)
    : ring_(ring), directory_(std::move(directory)) {}

std::string DirStore::path_of(std::string_view key) const {
    return directory_ + '/' + std::string(key);
}

Task<Result<GetReply>> DirStore::get(std::string_view key, ReadTarget into,
                                     Precondition precondition, Ticket*) {
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    const std::string path = path_of(key);
    const int32_t fd = co_await ring_.openat(AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0);
    if (fd == -ENOENT && into.must_exist) {
        co_return Error(Errc::Stale, "an object that must exist is missing");
    }
    if (fd == -ENOENT) co_return Error(Errc::NotFound, "no such object");
    if (fd < 0) co_return failed("cannot open an object's file", fd);
    const Result<ByteCount> length = co_await read_whole(fd, into.plain);
    co_await ring_.close(fd);
    if (!length.has_value()) co_return length.error();
    const Md5 md5 = codec::md5(into.plain.first(length->value));
    const bool same = md5 == precondition.etag;
    if (precondition.kind == Precondition::Kind::NoneMatch && same) {
        co_return Error(Errc::Unchanged, "the object has not changed");
    }
    if (precondition.kind == Precondition::Kind::Match && !same) {
        co_return Error(Errc::Stale, "the object has another version");
    }
    ++counters_.gets;
    GetReply reply;
    reply.length = *length;
    reply.etag = md5;
    co_return reply;
}

Task<Result<ByteCount>> DirStore::read_whole(int fd, std::span<std::byte> into) {
    std::array<std::byte, 1> beyond{};
    size_t length = 0;
    for (;;) {
        std::span<std::byte> part = into.subspan(length);
        if (part.empty()) part = beyond;  // only the end may follow
        part = part.first(std::min(part.size(), kMaxTransfer));
        const int32_t count = co_await ring_.read(fd, part, length);
        if (count == -EINTR) continue;
        if (count < 0) co_return failed("cannot read an object's file", count);
        if (count == 0) co_return ByteCount(length);
        if (length == into.size()) co_return Error(Errc::BadReply, "object too long");
        length += static_cast<size_t>(count);
    }
}

Task<Result<ETag>> DirStore::put(const PutRequest& request, Ticket*) {
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    const std::string path = path_of(request.key);
    const bool sync = unsynced_files_.size() >= kMaxUnsynced;
    CO_TRY_VOID(co_await write_file(path, request.body, sync));
    if (!sync) unsynced_files_.insert(path);
    lost_files_.erase(path);
    unsynced_directories_.insert(parent_of(path));
    ++counters_.puts;
    co_return ETag(request.md5);
}

Task<Result<void>> DirStore::write_file(const std::string& path, std::span<const std::byte> body,
                                        bool sync) {
    std::string temporary;
    int32_t fd = -EEXIST;
    for (int attempt = 0; fd == -EEXIST && attempt < kNameAttempts; ++attempt) {
        temporary = path + random_suffix();
        constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
        fd = co_await ring_.openat(AT_FDCWD, temporary.c_str(), kFlags, 0600);
    }
    if (fd < 0) co_return failed("cannot create an object's file", fd);
    Result<void> result = co_await write_whole(fd, body);
    if (result.has_value() && sync) {
        const int32_t synced = co_await ring_.fsync(fd);
        if (synced < 0) result = failed("cannot sync an object's file", synced);
    }
    const int32_t closed = co_await ring_.close(fd);
    if (result.has_value() && closed < 0) result = failed("cannot close an object's file", closed);
    if (result.has_value()) {
        const int32_t renamed =
            co_await ring_.renameat(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str());
        if (renamed < 0) result = failed("cannot rename an object's file", renamed);
    }
    if (!result.has_value()) {
        co_await ring_.unlinkat(AT_FDCWD, temporary.c_str());
    }
    co_return result;
}

Task<Result<void>> DirStore::write_whole(int fd, std::span<const std::byte> from) {
    size_t written = 0;
    while (written < from.size()) {
        const auto part = from.subspan(written, std::min(from.size() - written, kMaxTransfer));
        const int32_t count = co_await ring_.write(fd, part, written);
        if (count == -EINTR) continue;
        if (count < 0) co_return failed("cannot write an object's file", count);
        if (count == 0) co_return failed("cannot write an object's file", -EIO);
        written += static_cast<size_t>(count);
    }
    co_return ok();
}

Task<Result<void>> DirStore::remove(std::string_view key, Ticket*) {
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    const std::string path = path_of(key);
    const int32_t removed = co_await ring_.unlinkat(AT_FDCWD, path.c_str());
    if (removed < 0 && removed != -ENOENT) co_return failed("cannot remove a file", removed);
    unsynced_files_.erase(path);
    lost_files_.erase(path);
    if (removed == 0) unsynced_directories_.insert(parent_of(path));
    ++counters_.deletes;
    co_return ok();
}

Task<Result<std::vector<std::string>>> DirStore::remove_many(std::span<const std::string> keys,
                                                             Ticket* ticket) {
    std::vector<std::string> left;
    for (size_t i = 0; i < keys.size(); ++i) {
        const Result<void> removed = co_await remove(keys[i], ticket);
        if (removed.has_value()) continue;
        if (removed.error().code == Errc::Cancelled) co_return removed.error();
        left.push_back(keys[i]);
    }
    co_return left;
}

Task<Result<ListPage>> DirStore::list(const ListRequest& request, Ticket*) {
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    const std::string folder(request.prefix.substr(0, request.prefix.rfind('/') + 1));
    CO_TRY(const std::vector<std::string> keys, first_keys(path_of(folder), folder, request));
    ListPage page;
    for (const std::string& key : keys) {
        page.truncated = page.objects.size() == request.max_keys;
        if (!page.truncated) page.objects.emplace_back(key, ETag());
    }
    co_return page;
}

Task<Result<ObjectMeta>> DirStore::head(std::string_view) {
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    co_return Error(Errc::NotFound, "a directory keeps no metadata");
}

Task<Result<void>> DirStore::flush() {
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    co_await flushing_.acquire();  // or it would end before what another one has taken is safe
    const Result<void> synced = co_await sync_changed();
    flushing_.release();
    co_return synced;
}

Task<Result<void>> DirStore::sync_changed() {
    const std::set<std::string> files = std::exchange(unsynced_files_, {});
    const std::set<std::string> directories = std::exchange(unsynced_directories_, {});
    const Result<void> files_synced = co_await sync_all(files, O_RDONLY, lost_files_);
    const Result<void> directories_synced =
        co_await sync_all(directories, O_RDONLY | O_DIRECTORY, unsynced_directories_);
    if (!files_synced.has_value()) co_return files_synced;
    if (!directories_synced.has_value()) co_return directories_synced;
    if (lost_files_.empty()) co_return ok();
    co_return Error(Errc::Io, "a file could not be synced before", EIO);
}

/// Syncs as many as it can; yields the first failure. `remaining` gets those that failed.
Task<Result<void>> DirStore::sync_all(const std::set<std::string>& paths, int flags,
                                      std::set<std::string>& remaining) {
    Result<void> outcome;
    for (auto path = paths.begin(); path != paths.end(); ++path) {
        const Result<void> synced = co_await sync_path(*path, flags);
        if (synced.has_value()) continue;
        remaining.insert(*path);
        if (outcome.has_value()) outcome = synced;
    }
    co_return outcome;
}

Task<Result<void>> DirStore::sync_path(std::string path, int flags) {
    const int32_t fd = co_await ring_.openat(AT_FDCWD, path.c_str(), flags | O_CLOEXEC, 0);
    if (fd == -ENOENT) co_return ok();  // removed meanwhile: its directory is synced after it
    if (fd < 0) co_return failed("cannot open a file to sync it", fd);
    const int32_t synced = co_await ring_.fsync(fd);
    co_await ring_.close(fd);
    if (synced < 0) co_return failed("cannot sync a file", synced);
    co_return ok();
}

}  // namespace s3b::net
