// SPDX-License-Identifier: Apache-2.0
// The bytes of the cache file: header, directory, slots. Pure: no file is touched here.
// Source: cache-and-consistency.md 3.1, 3.3, 3.12, 3.13.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "engine/base/digest.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// V1: before s3backer 1.5; entries have no flags, and dirty blocks are not kept. Only read.
enum class FileVersion { V1, V2 };

/// Where things are in a cache file.
struct FileLayout {
    FileVersion version = FileVersion::V2;
    ByteCount block_size;
    SlotCount slots;
    ByteCount alignment;  // of the data area: a page of the host

    uint64_t header_size() const { return version == FileVersion::V1 ? 32 : 64; }
    uint64_t entry_size() const { return version == FileVersion::V1 ? 20 : 24; }
    uint64_t entry_offset(SlotIndex slot) const {
        return header_size() + slot.value * entry_size();
    }
    uint64_t directory_end() const { return entry_offset(SlotIndex(slots.value)); }
    uint64_t data_offset() const {
        return (directory_end() + alignment.value - 1) / alignment.value * alignment.value;
    }
    uint64_t slot_offset(SlotIndex slot) const {
        return data_offset() + slot.value * block_size.value;
    }
    /// Of a file all slots of which are used.
    uint64_t full_length() const { return slot_offset(SlotIndex(slots.value)); }
    /// Whether a power failure may leave part of this slot's entry as it was: a disk writes sectors
    /// of 512 bytes as a whole, and the entry lies in two of them.
    bool may_tear(SlotIndex slot) const {
        const uint64_t begin = entry_offset(slot);
        return begin / 512 != (begin + entry_size() - 1) / 512;
    }
    bool operator==(const FileLayout&) const = default;
};

inline constexpr size_t kFileHeaderSize = 64;
inline constexpr size_t kFileEntrySize = 24;
using FileHeaderBytes = std::array<std::byte, kFileHeaderSize>;
using FileEntryBytes = std::array<std::byte, kFileEntrySize>;

struct FileHeader {
    FileLayout layout;
    uint32_t token = 0;  // mount token; 0: unmounted in order. Always 0 in V1
    /// Whether the mount that set the token kept our order of writes (see file_format.cc); s3backer
    /// does not, and leaves the mark of an earlier mount with another token.
    bool ordered = false;
};

/// What is wrong with a header, in words for the user; empty if nothing is.
struct HeaderCheck {
    FileHeader header;
    std::string wrong;
};
/// `bytes`: the first of the file, all that there are, at most 64. Whatever they are is legal.
/// `page` is that of this host.
HeaderCheck decode_header(std::span<const std::byte> bytes, ByteCount block_size, ByteCount page);
/// Always V2.
FileHeaderBytes encode_header(const FileHeader& header);

/// A directory entry that is in use.
struct FileEntry {
    BlockNumber block;
    ETag etag;  // none: dirty, zeros, or unknown
    bool dirty = false;
    bool operator==(const FileEntry&) const = default;
};
/// nullopt: the slot is free. `bytes` is as long as an entry of `version`.
std::optional<FileEntry> decode_entry(FileVersion version, std::span<const std::byte> bytes);
FileEntryBytes encode_entry(const FileEntry& entry);
inline constexpr FileEntryBytes kFreeEntry{};
/// Whether `entry`, found after an unclean end in a slot that may_tear(), can be a half-written
/// one: then it is to be taken for free. Only in files that are `ordered`: no others are like that.
bool looks_torn(const FileEntry& entry);

}  // namespace s3b::cache
