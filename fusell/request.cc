// SPDX-License-Identifier: Apache-2.0
#include "fusell/request.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace s3b::fusell {

namespace {

// What precedes the data of a WRITE.
constexpr size_t kPrefix = sizeof(fuse_in_header) + sizeof(fuse_write_in);

struct Opcode {
    uint32_t code;
    const char* name;
    Route route;
    size_t body;  // bytes after the header at least; a name's zero byte counts
    bool ends_in_name = false;
};

// What is not here is refused. FLUSH (close) has no effect, so that refusing it saves the request;
// so do the extended attributes. Forgetting means nothing: our three nodes live for ever.
constexpr auto kOpcodes = std::to_array<Opcode>({
    {FUSE_LOOKUP, "LOOKUP", Route::Library, 1, true},
    {FUSE_FORGET, "FORGET", Route::Silent, 0},
    {FUSE_GETATTR, "GETATTR", Route::Library, sizeof(fuse_getattr_in)},
    {FUSE_SETATTR, "SETATTR", Route::Library, sizeof(fuse_setattr_in)},
    {FUSE_READLINK, "READLINK", Route::Refuse, 0},
    {FUSE_SYMLINK, "SYMLINK", Route::Refuse, 0},
    {FUSE_MKNOD, "MKNOD", Route::Refuse, 0},
    {FUSE_MKDIR, "MKDIR", Route::Refuse, 0},
    {FUSE_UNLINK, "UNLINK", Route::Library, 1, true},
    {FUSE_RMDIR, "RMDIR", Route::Refuse, 0},
    {FUSE_RENAME, "RENAME", Route::Refuse, 0},
    {FUSE_LINK, "LINK", Route::NoLinks, 0},
    {FUSE_OPEN, "OPEN", Route::Library, sizeof(fuse_open_in)},
    {FUSE_READ, "READ", Route::Read, sizeof(fuse_read_in)},
    {FUSE_WRITE, "WRITE", Route::Write, sizeof(fuse_write_in)},
    {FUSE_STATFS, "STATFS", Route::Library, 0},
    {FUSE_RELEASE, "RELEASE", Route::Library, sizeof(fuse_release_in)},
    {FUSE_FSYNC, "FSYNC", Route::Library, sizeof(fuse_fsync_in)},
    {FUSE_SETXATTR, "SETXATTR", Route::Refuse, 0},
    {FUSE_GETXATTR, "GETXATTR", Route::Refuse, 0},
    {FUSE_LISTXATTR, "LISTXATTR", Route::Refuse, 0},
    {FUSE_REMOVEXATTR, "REMOVEXATTR", Route::Refuse, 0},
    {FUSE_FLUSH, "FLUSH", Route::Refuse, 0},
    {FUSE_INIT, "INIT", Route::Library, offsetof(fuse_init_in, flags2)},
    {FUSE_OPENDIR, "OPENDIR", Route::Library, sizeof(fuse_open_in)},
    {FUSE_READDIR, "READDIR", Route::Library, sizeof(fuse_read_in)},
    {FUSE_RELEASEDIR, "RELEASEDIR", Route::Library, sizeof(fuse_release_in)},
    {FUSE_FSYNCDIR, "FSYNCDIR", Route::Refuse, 0},
    {FUSE_ACCESS, "ACCESS", Route::Refuse, 0},
    {FUSE_CREATE, "CREATE", Route::Refuse, 0},
    {FUSE_INTERRUPT, "INTERRUPT", Route::Interrupt, 0},
    {FUSE_BMAP, "BMAP", Route::Refuse, 0},
    {FUSE_DESTROY, "DESTROY", Route::Library, 0},
    {FUSE_IOCTL, "IOCTL", Route::Refuse, 0},
    {FUSE_POLL, "POLL", Route::Refuse, 0},
    {FUSE_NOTIFY_REPLY, "NOTIFY_REPLY", Route::Silent, 0},
    {FUSE_BATCH_FORGET, "BATCH_FORGET", Route::Silent, 0},
    {FUSE_FALLOCATE, "FALLOCATE", Route::Library, sizeof(fuse_fallocate_in)},
    {FUSE_RENAME2, "RENAME2", Route::Refuse, 0},
    {FUSE_LSEEK, "LSEEK", Route::Refuse, 0},
    {FUSE_COPY_FILE_RANGE, "COPY_FILE_RANGE", Route::Refuse, 0},
});

const Opcode* find(uint32_t opcode) {
    const auto* found = std::ranges::find(kOpcodes, opcode, &Opcode::code);
    return found == kOpcodes.end() ? nullptr : found;
}

template <class T>
std::optional<T> copy_at(std::span<const std::byte> message, size_t offset) {
    if (message.size() < offset + sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, message.data() + offset, sizeof value);
    return value;
}

}  // namespace

Route route_of(uint32_t opcode) {
    // The two that matter for speed first.
    if (opcode == FUSE_READ) return Route::Read;
    if (opcode == FUSE_WRITE) return Route::Write;
    const Opcode* known = find(opcode);
    return known == nullptr ? Route::Refuse : known->route;
}

const char* opcode_name(uint32_t opcode) {
    const Opcode* known = find(opcode);
    return known == nullptr ? nullptr : known->name;
}

std::optional<fuse_in_header> decode_header(std::span<const std::byte> message) {
    const auto header = copy_at<fuse_in_header>(message, 0);
    if (!header || header->len != message.size()) return std::nullopt;
    return header;
}

bool well_formed(std::span<const std::byte> message) {
    const auto header = decode_header(message);
    const Opcode* known = header ? find(header->opcode) : nullptr;
    if (known == nullptr || message.size() < sizeof *header + known->body) return false;
    return !known->ends_in_name || message.back() == std::byte{0};
}

std::optional<ReadRequest> decode_read(std::span<const std::byte> message) {
    const auto header = decode_header(message);
    const auto in = copy_at<fuse_read_in>(message, sizeof(fuse_in_header));
    if (!header || !in) return std::nullopt;
    return ReadRequest{header->nodeid, in->fh, in->offset, in->size};
}

std::optional<WriteRequest> decode_write(std::span<const std::byte> message) {
    const auto header = decode_header(message);
    const auto in = copy_at<fuse_write_in>(message, sizeof(fuse_in_header));
    if (!header || !in || message.size() - kPrefix < in->size) return std::nullopt;
    return WriteRequest{header->nodeid, in->offset, message.subspan(kPrefix, in->size)};
}

Clip clip(uint64_t offset, uint32_t length, uint64_t file_size) {
    if (offset > file_size) return {0, ESPIPE};
    return {static_cast<uint32_t>(std::min<uint64_t>(length, file_size - offset)), 0};
}

}  // namespace s3b::fusell
