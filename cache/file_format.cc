// SPDX-License-Identifier: Apache-2.0
#include "cache/file_format.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace s3b::cache {

namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

constexpr uint32_t kSignature = 0xE496F17B;
constexpr uint32_t kVersion2 = 1;  // the only known flag of a header
constexpr uint32_t kDirty = 1;     // the only known flag of an entry

enum HeaderField : size_t {
    kSignatureAt = 0,
    kHeaderSizeAt = 4,
    kUintSizeAt = 8,
    kNumberSizeAt = 12,
    kBlockSizeAt = 16,
    kAlignmentAt = 20,
    kFlagsAt = 24,
    kSlotsAt = 28,
    kTokenAt = 32,
    // In the spare bytes, which s3backer ignores: our mark, and the token of the mount that set it.
    // It holds for that mount only, since s3backer changes the token and not the mark.
    kMarkAt = 36,
    kMarkTokenAt = 40,
};
constexpr uint32_t kMark = 0x31525533;  // "3UR1"

enum EntryField : size_t { kBlockAt = 0, kETagAt = 4, kEntryFlagsAt = 20 };

uint32_t load(std::span<const std::byte> bytes, size_t at) {
    uint32_t value = 0;
    std::memcpy(&value, bytes.subspan(at, sizeof value).data(), sizeof value);
    return value;
}

void save(std::span<std::byte> bytes, size_t at, uint32_t value) {
    std::memcpy(bytes.subspan(at, sizeof value).data(), &value, sizeof value);
}

std::string number(uint32_t value) { return std::to_string(value); }

/// Checks 2 to 6, 8 and 9 of the specification, in its order; 7 is for the caller's block size.
std::string wrong_with(std::span<const std::byte> bytes, ByteCount block_size, ByteCount page) {
    const std::string other = "; it is no cache file, or is damaged";
    if (bytes.size() < 32) return "it is shorter than a header" + other;
    const uint32_t size = load(bytes, kHeaderSizeAt);
    if (load(bytes, kSignatureAt) != kSignature) return "its signature is wrong" + other;
    if (size != 32 && size != 64) return "its header size is " + number(size) + other;
    if (bytes.size() < size) return "it is shorter than its header" + other;
    const uint32_t flags = load(bytes, kFlagsAt);
    if ((flags & kVersion2) != 0 ? size != 64 : size != 32) {
        return "its header size and its flags contradict each other" + other;
    }
    if (load(bytes, kUintSizeAt) != 4 || load(bytes, kNumberSizeAt) != 4) {
        return "it was written on a machine with other sizes of integers";
    }
    if (load(bytes, kBlockSizeAt) != block_size.value) {
        return "it is for blocks of " + number(load(bytes, kBlockSizeAt)) + " bytes, not of " +
               std::to_string(block_size.value) + "; give that `blockSize', or another file";
    }
    if (load(bytes, kAlignmentAt) != page.value) {
        return "it is for pages of " + number(load(bytes, kAlignmentAt)) +
               " bytes, this machine's have " + std::to_string(page.value) + "; give another file";
    }
    if ((flags & ~kVersion2) != 0) {
        return "it has the unknown flags " + number(flags) + "; it may come from a later version";
    }
    return {};
}

}  // namespace

HeaderCheck decode_header(std::span<const std::byte> bytes, ByteCount block_size, ByteCount page) {
    HeaderCheck check;
    check.wrong = wrong_with(bytes, block_size, page);
    if (!check.wrong.empty()) return check;
    FileHeader& header = check.header;
    const bool v2 = load(bytes, kHeaderSizeAt) == 64;
    header.layout = FileLayout{v2 ? FileVersion::V2 : FileVersion::V1, block_size,
                               SlotCount(load(bytes, kSlotsAt)), page};
    if (header.layout.slots.value == 0 || header.layout.slots.value > ~uint32_t{0} - 2) {
        check.wrong = "it has " + number(header.layout.slots.value) + " slots; it is damaged";
    }
    if (!v2) return check;  // there are entries where the token would be
    header.token = load(bytes, kTokenAt);
    header.ordered = load(bytes, kMarkAt) == kMark && load(bytes, kMarkTokenAt) == header.token;
    return check;
}

FileHeaderBytes encode_header(const FileHeader& header) {
    FileHeaderBytes bytes{};
    save(bytes, kSignatureAt, kSignature);
    save(bytes, kHeaderSizeAt, kFileHeaderSize);
    save(bytes, kUintSizeAt, 4);
    save(bytes, kNumberSizeAt, 4);
    save(bytes, kBlockSizeAt, static_cast<uint32_t>(header.layout.block_size.value));
    save(bytes, kAlignmentAt, static_cast<uint32_t>(header.layout.alignment.value));
    save(bytes, kFlagsAt, kVersion2);
    save(bytes, kSlotsAt, header.layout.slots.value);
    save(bytes, kTokenAt, header.token);
    if (!header.ordered) return bytes;
    save(bytes, kMarkAt, kMark);
    save(bytes, kMarkTokenAt, header.token);
    return bytes;
}

std::optional<FileEntry> decode_entry(FileVersion version, std::span<const std::byte> bytes) {
    if (std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; })) {
        return std::nullopt;
    }
    FileEntry entry;
    entry.block = BlockNumber(load(bytes, kBlockAt));
    Md5 etag;
    std::ranges::copy(bytes.subspan(kETagAt, etag.bytes.size()), etag.bytes.begin());
    if (etag != Md5{}) entry.etag = etag;
    entry.dirty = version == FileVersion::V2 && (load(bytes, kEntryFlagsAt) & kDirty) != 0;
    return entry;
}

FileEntryBytes encode_entry(const FileEntry& entry) {
    FileEntryBytes bytes{};
    save(bytes, kBlockAt, entry.block.value);
    if (entry.etag) std::ranges::copy(entry.etag->bytes, bytes.begin() + kETagAt);
    if (entry.dirty) save(bytes, kEntryFlagsAt, kDirty);
    return bytes;
}

/// Of (block, ETag, flags) either end may be missing. Whole ones are never for block 0, dirty with
/// an ETag, or clean without one: nothing of that kind is written to such a slot.
bool looks_torn(const FileEntry& entry) {
    return entry.block == BlockNumber(0) || entry.dirty == entry.etag.has_value();
}

}  // namespace s3b::cache
