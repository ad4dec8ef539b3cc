// SPDX-License-Identifier: Apache-2.0
#include "engine/cache_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <vector>

#include "engine/file_io.h"

namespace s3b {

namespace {

constexpr uint32_t kEntriesAtOnce = 32768;
constexpr int kMostWaits = 500;
constexpr useconds_t kWait = 20'000;  // microseconds

ByteCount page_size() { return ByteCount(static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE))); }

uint64_t length_of(int descriptor) {
    struct stat status{};
    if (fstat(descriptor, &status) != 0) return 0;
    return static_cast<uint64_t>(status.st_size);
}

/// Whether `path` still names the open file: it may have been replaced while we waited for nothing.
bool is_named(int descriptor, const std::string& path) {
    struct stat open_file{};
    struct stat named{};
    return fstat(descriptor, &open_file) == 0 && stat(path.c_str(), &named) == 0 &&
           open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/// Whether a process that lives has locked the file; false if it cannot be found out.
bool is_locked_by_the_living(int descriptor) {
    struct stat status{};
    if (fstat(descriptor, &status) != 0) return false;
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        unsigned major_number = 0;
        unsigned minor_number = 0;
        unsigned long long inode = 0;
        int pid = 0;
        if (std::sscanf(line.c_str(), "%*s FLOCK %*s %*s %d %x:%x:%llu", &pid, &major_number,
                        &minor_number, &inode) != 4) {
            continue;
        }
        const bool same = inode == status.st_ino && major_number == major(status.st_dev) &&
                          minor_number == minor(status.st_dev);
        if (same && pid > 0 && kill(pid, 0) == 0) return true;
    }
    return false;
}

/// The kernel lets go of the file of a killed process when the last write that was under way has
/// ended: only then may it be read. Until then it is waited for.
int lock(int descriptor) {
    for (int waits = 0; flock(descriptor, LOCK_EX | LOCK_NB) != 0; ++waits) {
        if (errno != EWOULDBLOCK) return errno;
        if (waits >= kMostWaits || is_locked_by_the_living(descriptor)) return EWOULDBLOCK;
        usleep(kWait);
    }
    return 0;
}

std::string about(const std::string& path, const std::string& wrong) {
    return "cache file `" + path + "': " + wrong;
}

}  // namespace

std::string CacheFile::failed(const std::string& what, int error) const {
    return about(path_, what + ": " + std::strerror(error));
}

CacheFile::~CacheFile() { close(descriptor_); }

/// -1: there is none (`wrong` is empty) or it cannot be had.
int CacheFile::open_locked(const std::string& path, std::string& wrong) {
    for (;;) {
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        if (descriptor < 0) {
            if (errno != ENOENT) wrong = about(path, std::strerror(errno));
            return -1;
        }
        if (const int error = lock(descriptor); error != 0) {
            wrong = about(path, error == EWOULDBLOCK
                                    ? "another process uses it; each mount needs a file of its own"
                                    : std::string("cannot be locked: ") + std::strerror(error));
            close(descriptor);
            return -1;
        }
        if (is_named(descriptor, path)) return descriptor;
        close(descriptor);  // resized by another process
    }
}

CacheFile::Opened CacheFile::open(const std::string& path, ByteCount block_size) {
    Opened opened;
    const int descriptor = open_locked(path, opened.wrong);
    if (descriptor < 0) return opened;
    std::unique_ptr<CacheFile> file(new CacheFile(path, descriptor));
    opened.wrong = file->read_header(block_size);
    if (opened.wrong.empty()) opened.file = std::move(file);
    return opened;
}

std::string CacheFile::read_header(ByteCount block_size) {
    cache::FileHeaderBytes bytes{};
    size_t length = std::min<uint64_t>(bytes.size(), length_of(descriptor_));
    const auto have = std::span(bytes).first(length);
    if (const int error = read_fully(descriptor_, have, 0); error != 0) {
        return failed("cannot be read", error);
    }
    const cache::HeaderCheck check = cache::decode_header(have, block_size, page_size());
    if (!check.wrong.empty()) return about(path_, check.wrong);
    header_ = check.header;
    if (length_of(descriptor_) < header_.layout.directory_end()) {
        return about(path_, "it is cut off within its directory of " +
                                std::to_string(header_.layout.slots.value) +
                                " entries; remove it if no unsaved blocks are in it");
    }
    return {};
}

CacheFile::Opened CacheFile::create(const std::string& path, ByteCount block_size,
                                    SlotCount slots) {
    Opened opened;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0600);
    if (descriptor < 0) {
        opened.wrong = about(path, std::string("cannot be made: ") + std::strerror(errno));
        return opened;
    }
    std::unique_ptr<CacheFile> file(new CacheFile(path, descriptor));
    file->header_.layout.block_size = block_size;
    opened.wrong = file->build(slots);
    if (opened.wrong.empty()) opened.wrong = file->sync();
    if (opened.wrong.empty() && sync_folder_of(path) != 0) {
        opened.wrong = file->failed("its folder cannot be synced", errno);
    }
    if (opened.wrong.empty()) {
        opened.file = std::move(file);
    } else {
        unlink(path.c_str());
    }
    return opened;
}

/// Makes an empty file of what was just created.
std::string CacheFile::build(SlotCount slots) {
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) return failed("cannot be locked", errno);
    header_.layout.version = cache::FileVersion::V2;
    header_.layout.slots = slots;
    header_.layout.alignment = page_size();
    header_.ordered = true;
    std::string wrong = reserve();
    return wrong.empty() ? write_header() : wrong;
}

std::string CacheFile::reserve() {
    const auto length = static_cast<off_t>(header_.layout.full_length());
    if (fallocate(descriptor_, 0, 0, length) == 0) return {};
    if (errno == EOPNOTSUPP && ftruncate(descriptor_, length) == 0) return {};
    return failed("its " + std::to_string(length >> 20) +
                      " MiB cannot be reserved; make room, or lower `blockCacheSize'",
                  errno);
}

std::string CacheFile::write_header() {
    const cache::FileHeaderBytes bytes = cache::encode_header(header_);
    const int error = write_fully(descriptor_, bytes, 0);
    return error == 0 ? std::string() : failed("cannot be written", error);
}

std::string CacheFile::sync() {
    return fdatasync(descriptor_) == 0 ? std::string() : failed("cannot be synced", errno);
}

std::string CacheFile::free_entries(std::span<const SlotIndex> slots) {
    if (slots.empty()) return {};
    for (const SlotIndex slot : slots) {
        const int error =
            write_fully(descriptor_, cache::kFreeEntry, header_.layout.entry_offset(slot));
        if (error != 0) return failed("its directory cannot be written", error);
    }
    return sync();
}

std::string CacheFile::clear() {
    const uint64_t begin = header_.layout.header_size();
    const std::vector<std::byte> zeros(header_.layout.directory_end() - begin);
    if (const int error = write_fully(descriptor_, zeros, begin); error != 0) {
        return failed("its directory cannot be written", error);
    }
    std::string wrong = sync();
    return wrong.empty() ? set_token(0) : wrong;
}

std::string CacheFile::set_token(uint32_t token) {
    if (header_.layout.version == cache::FileVersion::V1) return {};
    header_.token = token;
    header_.ordered = true;
    std::string wrong = write_header();
    return wrong.empty() ? sync() : wrong;
}

std::string CacheFile::scan(const Visitor& visit) const {
    const cache::FileLayout& layout = header_.layout;
    const uint64_t length = length_of(descriptor_);
    const bool may_be_torn = header_.ordered && header_.token != 0;
    std::vector<std::byte> bytes(kEntriesAtOnce * layout.entry_size());
    for (uint64_t first = 0; first < layout.slots.value; first += kEntriesAtOnce) {
        const uint64_t count = std::min<uint64_t>(kEntriesAtOnce, layout.slots.value - first);
        const auto part = std::span(bytes).first(count * layout.entry_size());
        const SlotIndex begin(static_cast<uint32_t>(first));
        if (const int error = read_fully(descriptor_, part, layout.entry_offset(begin));
            error != 0) {
            return failed("its directory cannot be read", error);
        }
        for (uint64_t i = 0; i < count; ++i) {
            const auto entry = cache::decode_entry(
                layout.version, part.subspan(i * layout.entry_size(), layout.entry_size()));
            if (!entry) continue;
            const SlotIndex slot(static_cast<uint32_t>(first + i));
            Flaw flaw = Flaw::None;
            if (layout.slot_offset(slot) + layout.block_size.value > length) flaw = Flaw::Missing;
            if (may_be_torn && layout.may_tear(slot) && looks_torn(*entry)) flaw = Flaw::Torn;
            visit(slot, *entry, flaw);
        }
    }
    return {};
}

}  // namespace s3b
