// SPDX-License-Identifier: Apache-2.0
// How CacheFile becomes another size, or another version.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "engine/cache_file.h"
#include "engine/file_io.h"

namespace s3b {

namespace {
constexpr size_t kCopiedAtOnce = size_t{1} << 20;
}

std::string CacheFile::resize(SlotCount slots) {
    uint64_t dirty = 0;
    std::string wrong = scan([&dirty](SlotIndex, const cache::FileEntry& entry, Flaw flaw) {
        if (entry.dirty && flaw == Flaw::None) ++dirty;
    });
    if (!wrong.empty()) return wrong;
    if (dirty > slots.value) {
        return "cache file `" + path_ + "': it holds " + std::to_string(dirty) +
               " blocks that are not stored yet, more than `blockCacheSize=" +
               std::to_string(slots.value) + "' has room for; mount with " +
               std::to_string(header_.layout.slots.value) + " once more";
    }
    const std::string name = path_ + ".new";
    unlink(name.c_str());  // of an attempt that did not end: we hold the lock
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0600);
    if (descriptor < 0) return failed("`" + name + "' cannot be made", errno);
    CacheFile fresh(name, descriptor);
    fresh.header_.layout.block_size = header_.layout.block_size;
    fresh.header_.token = header_.token;
    wrong = fresh.build(slots);
    if (wrong.empty()) wrong = fresh.copy_from(*this);
    if (wrong.empty()) wrong = fresh.sync();
    if (wrong.empty() && rename(name.c_str(), path_.c_str()) != 0) {
        wrong = failed("cannot be replaced", errno);
    }
    if (!wrong.empty()) {
        unlink(name.c_str());
        return wrong;
    }
    std::swap(descriptor_, fresh.descriptor_);
    header_ = fresh.header_;
    const int error = sync_folder_of(path_);
    return error == 0 ? std::string() : failed("its folder cannot be synced", error);
}

/// Dirty entries first: there is room for all of them.
std::string CacheFile::copy_from(const CacheFile& old) {
    uint32_t next = 0;
    std::string wrong = copy_entries(old, true, next);
    return wrong.empty() ? copy_entries(old, false, next) : wrong;
}

std::string CacheFile::copy_entries(const CacheFile& old, bool dirty, uint32_t& next) {
    std::string wrong;
    const auto copy = [&](SlotIndex slot, const cache::FileEntry& entry, Flaw flaw) {
        if (entry.dirty != dirty || flaw != Flaw::None || !wrong.empty()) return;
        // Not to a slot where the entry would be taken for a torn one.
        while (next < header_.layout.slots.value && header_.layout.may_tear(SlotIndex(next)) &&
               looks_torn(entry)) {
            if (!dirty) return;
            ++next;
        }
        if (next >= header_.layout.slots.value) {
            if (dirty) wrong = failed("blocks that are not stored do not fit", ENOSPC);
            return;
        }
        const SlotIndex to(next++);
        wrong = copy_slot(old, slot, to);
        const cache::FileEntryBytes bytes = encode_entry(entry);
        if (!wrong.empty()) return;
        const int error = write_fully(descriptor_, bytes, header_.layout.entry_offset(to));
        if (error != 0) wrong = failed("cannot be written", error);
    };
    const std::string unread = old.scan(copy);
    return wrong.empty() ? unread : wrong;
}

std::string CacheFile::copy_slot(const CacheFile& old, SlotIndex from, SlotIndex to) {
    const uint64_t size = header_.layout.block_size.value;
    std::vector<std::byte> bytes(std::min<uint64_t>(size, kCopiedAtOnce));
    for (uint64_t done = 0; done < size; done += bytes.size()) {
        const uint64_t source = old.header_.layout.slot_offset(from) + done;
        if (const int error = read_fully(old.descriptor_, bytes, source); error != 0) {
            return old.failed("slot " + std::to_string(from.value) + " cannot be read", error);
        }
        const uint64_t target = header_.layout.slot_offset(to) + done;
        if (const int error = write_fully(descriptor_, bytes, target); error != 0) {
            return failed("cannot be written", error);
        }
    }
    return {};
}

}  // namespace s3b
