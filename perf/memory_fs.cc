// SPDX-License-Identifier: Apache-2.0
// What FUSE costs by itself: one file in memory, served by libfuse's own loop, one thread. The
// ceiling of the way through /dev/fuse, for fuse_bench.
//   memory_fs MIB MOUNTPOINT
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

namespace {

constexpr fuse_ino_t kFile = 2;
constexpr double kForEver = 1e6;  // seconds
std::span<char> content;

struct stat attributes(fuse_ino_t node) {
    struct stat s{};
    s.st_ino = node;
    s.st_mode = node == kFile ? S_IFREG | 0600 : S_IFDIR | 0755;
    s.st_nlink = node == kFile ? 1 : 2;
    s.st_size = node == kFile ? static_cast<off_t>(content.size()) : 0;
    return s;
}

void init(void*, fuse_conn_info* connection) {
    connection->max_background = 128;
    connection->want &= ~unsigned{FUSE_CAP_AUTO_INVAL_DATA};
}

void lookup(fuse_req_t request, fuse_ino_t, const char* name) {
    fuse_entry_param entry{};
    if (std::string(name) != "file") {
        fuse_reply_err(request, ENOENT);
        return;
    }
    entry.ino = kFile;
    entry.attr = attributes(kFile);
    entry.attr_timeout = kForEver;
    entry.entry_timeout = kForEver;
    fuse_reply_entry(request, &entry);
}

void get_attributes(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
    const struct stat s = attributes(node);
    fuse_reply_attr(request, &s, kForEver);
}

void set_attributes(fuse_req_t request, fuse_ino_t node, struct stat*, int, fuse_file_info* file) {
    get_attributes(request, node, file);
}

void open(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    file->keep_cache = 1;
    fuse_reply_open(request, file);
}

/// The part of a range that lies within the file.
std::span<char> part(off_t offset, size_t size) {
    const size_t begin = std::min(static_cast<size_t>(offset), content.size());
    return content.subspan(begin, std::min(size, content.size() - begin));
}

void read(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info*) {
    const std::span<char> from = part(offset, size);
    fuse_reply_buf(request, from.data(), from.size());
}

void write(fuse_req_t request, fuse_ino_t, const char* data, size_t size, off_t offset,
           fuse_file_info*) {
    const std::span<char> into = part(offset, size);
    std::memcpy(into.data(), data, into.size());
    fuse_reply_write(request, into.size());
}

fuse_lowlevel_ops operations() {
    fuse_lowlevel_ops ops{};
    ops.init = init;
    ops.lookup = lookup;
    ops.getattr = get_attributes;
    ops.setattr = set_attributes;
    ops.open = open;
    ops.read = read;
    ops.write = write;
    return ops;
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) {
        std::fprintf(stderr, "usage: memory_fs MIB MOUNTPOINT\n");
        return 2;
    }
    const size_t size = std::strtoul(words[1], nullptr, 10) << 20;
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) return 1;
    content = {static_cast<char*>(memory), size};
    std::string name = "memory_fs";
    std::string flag = "-o";
    std::string list = "allow_other,default_permissions,fsname=memory_fs";
    std::array<char*, 4> options{name.data(), flag.data(), list.data(), nullptr};
    fuse_args arguments = FUSE_ARGS_INIT(3, options.data());
    const fuse_lowlevel_ops ops = operations();
    fuse_session* session = fuse_session_new(&arguments, &ops, sizeof ops, nullptr);
    if (session == nullptr || fuse_set_signal_handlers(session) != 0) return 1;
    if (fuse_session_mount(session, words[2]) != 0) return 1;
    const int failed = fuse_session_loop(session);
    fuse_session_unmount(session);
    fuse_remove_signal_handlers(session);
    fuse_session_destroy(session);
    return failed == 0 ? 0 : 1;
}
