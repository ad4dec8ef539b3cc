// SPDX-License-Identifier: Apache-2.0
#include "fusell/operations.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <vector>

#include "engine/base/log.h"
#include "fusell/errors.h"
#include "fusell/init_answer.h"
#include "fusell/request.h"

namespace s3b::fusell {

namespace {

/// Requests that the kernel keeps under way in the background (read-ahead, asynchronous direct
/// I/O); its own default of 12 would bound the throughput of a far store.
constexpr unsigned kMaxBackground = 128;

/// libfuse wants it, but never calls it: it is fed, it does not read.
ssize_t never_read(int, void*, size_t, void*) {
    errno = ENOSYS;
    return -1;
}

}  // namespace

uint64_t RequestCounts::total() const {
    return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
}

std::vector<std::pair<std::string, uint64_t>> RequestCounts::named() const {
    std::vector<std::pair<std::string, uint64_t>> named;
    for (uint32_t opcode = 1; opcode < kOpcodes; ++opcode) {
        const char* name = opcode_name(opcode);
        if (name != nullptr && counts_[opcode] > 0) named.emplace_back(name, counts_[opcode]);
    }
    return named;
}

std::string RequestCounts::text() const {
    std::string text;
    const auto add = [&text](const std::string& key, uint64_t value) {
        if (value > 0) text += ' ' + key + '=' + std::to_string(value);
    };
    for (uint32_t opcode = 1; opcode < kOpcodes; ++opcode) {
        const char* name = opcode_name(opcode);
        if (opcode == FUSE_INTERRUPT) continue;
        add(name != nullptr ? name : "opcode_" + std::to_string(opcode), counts_[opcode]);
    }
    add("unknown", counts_[0]);
    add("max_write", max_write_);
    add("interrupts", counts_[FUSE_INTERRUPT]);
    return text;
}

Operations::Operations(VolumePort& volume, const MountSettings& settings,
                       const MountOptions& options)
    : volume_(volume),
      options_(options),
      debug_(settings.fuse_debug),
      inodes_(volume.geometry(), settings, options, Owner{getuid(), getgid()}, now_in_seconds()),
      data_path_(volume, inodes_, settings.read_only) {}

Result<void> Operations::connect(fuse_session* library, int device, Transport& transport,
                                 uint32_t transfer) {
    library_ = library;
    transport_ = &transport;
    transfer_ = transfer;
    const fuse_custom_io io{&send_of_library, &never_read, nullptr, nullptr};
    if (fuse_session_custom_io(library, &io, device) == 0) return ok();
    return Error(Errc::Io, "libfuse does not let us read the device");
}

ssize_t Operations::send_of_library(int, iovec* message, int count, void* operations) {
    Operations& self = *static_cast<Operations*>(operations);
    const std::span<const iovec> pieces(message, static_cast<size_t>(count));
    return self.init_unique_ != 0 ? self.answer_init(pieces) : self.transport_->send(pieces);
}

/// The first message of libfuse, or one before it.
ssize_t Operations::answer_init(std::span<const iovec> message) {
    std::vector<std::byte> whole;
    for (const iovec& piece : message) {
        const auto* bytes = static_cast<const std::byte*>(piece.iov_base);
        whole.insert(whole.end(), bytes, bytes + piece.iov_len);
    }
    auto answer = amended(whole, transport_->negotiate(offered_flags_), transfer_);
    init_unique_ = 0;
    if (!answer) return transport_->send(message);
    const iovec amended_message{&*answer, sizeof *answer};
    const ssize_t sent = transport_->send({&amended_message, 1});
    if (sent < 0) return sent;
    transport_->connected();
    if (on_ready_) on_ready_();
    return sent;
}

const RequestCounts& Operations::counts() {
    note_hits();
    return counts_;
}

/// What hit readers have answered counts as if it had come through here.
void Operations::note_hits() {
    const uint64_t hits = volume_.note_hits();
    if (hits == 0) return;
    counts_.add(FUSE_READ, hits);
    inodes_.file_accessed(now_in_seconds());
}

void Operations::handle(Request request) {
    note_hits();
    const auto header = decode_header(request.message());
    if (!header) return;  // without a whole header there is nothing to answer to
    counts_.add(header->opcode);
    const Route route = route_of(header->opcode);
    if (route == Route::Read) {
        const auto in = decode_read(request.message());
        if (!in) return std::move(request).fail(EIO);
        if (debug_) fuse_log(FUSE_LOG_DEBUG, "READ %u @ %llu\n", in->size, in->offset);
        return data_path_.read(std::move(request), *in);
    }
    if (route == Route::Write) {
        const auto in = decode_write(request.message());
        if (!in) return std::move(request).fail(EIO);
        if (debug_) fuse_log(FUSE_LOG_DEBUG, "WRITE %zu @ %llu\n", in->data.size(), in->offset);
        counts_.add_write(in->data.size());
        return data_path_.write(std::move(request), *in);
    }
    if (route == Route::Refuse) return std::move(request).fail(ENOSYS);
    if (route == Route::NoLinks) return std::move(request).fail(EPERM);
    if (route == Route::Library) to_library(std::move(request));
}

void Operations::to_library(Request request) {
    if (!well_formed(request.message())) return std::move(request).fail(EIO);
    if (const auto header = decode_header(request.message()); header->opcode == FUSE_INIT) {
        init_unique_ = header->unique;
        offered_flags_ = offered_flags(request.message()).value_or(0);
    }
    fuse_buf buffer{};
    buffer.mem = request.message().data();
    buffer.size = request.message().size();
    fuse_session_process_buf(library_, &buffer);
}

void Operations::init(fuse_conn_info* connection) const {
    fuse_conn_info& c = *connection;
    c.max_write = transfer_;
    c.max_read = options_.max_read;
    c.max_readahead = std::min(options_.max_readahead.value_or(c.max_readahead), c.max_readahead);
    c.max_background = options_.max_background.value_or(kMaxBackground);
    c.congestion_threshold = options_.congestion_threshold.value_or(c.max_background / 4 * 3);
    // We alone change the file: asking for its attributes before each read would be in vain.
    c.want &= ~unsigned{FUSE_CAP_AUTO_INVAL_DATA};
    // Otherwise the kernel takes the file for empty after O_TRUNC, which has no effect here.
    c.want &= ~unsigned{FUSE_CAP_ATOMIC_O_TRUNC};
    if (options_.sync_read) c.want &= ~unsigned{FUSE_CAP_ASYNC_READ};
    if (!options_.async_direct_io) c.want &= ~unsigned{FUSE_CAP_ASYNC_DIO};
    if (options_.writeback_cache) c.want |= c.capable & unsigned{FUSE_CAP_WRITEBACK_CACHE};
}

std::string Operations::statistics(uint64_t node) {
    return node == kJsonInode ? volume_.stats_json() : volume_.stats_text();
}

struct stat Operations::attributes(uint64_t node) {
    const uint64_t stats_size = is_statistics(node) ? statistics(node).size() : 0;
    return inodes_.attributes(node, now_in_seconds(), stats_size);
}

double Operations::attributes_timeout(uint64_t node) const {
    return is_statistics(node) ? 0 : options_.attr_timeout;
}

void Operations::lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    fuse_entry_param entry{};
    const auto node = inodes_.find(name);
    if (parent != kRootInode) {
        fuse_reply_err(request, ENOTDIR);
        return;
    }
    if (node) {
        entry.ino = *node;
        entry.attr = attributes(*node);
        entry.attr_timeout = attributes_timeout(*node);
    }
    // No node: the kernel remembers that there is no such name.
    entry.entry_timeout = !node                  ? options_.negative_timeout
                          : is_statistics(*node) ? 0
                                                 : options_.entry_timeout;
    fuse_reply_entry(request, &entry);
}

void Operations::get_attributes(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
    if (node > kJsonInode) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    const struct stat s = attributes(node);
    fuse_reply_attr(request, &s, attributes_timeout(node));
}

void Operations::set_attributes(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int which,
                                fuse_file_info* file) {
    // Truncating succeeds without effect; nothing else can be changed, but for the times that the
    // kernel keeps itself when it holds writes back, and brings later.
    constexpr int kTimes = FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_CTIME;
    const bool of_kernel = options_.writeback_cache && node == kFileInode && (which & kTimes) != 0;
    if (of_kernel) inodes_.file_modified(wanted->st_mtime);
    if ((which & FUSE_SET_ATTR_SIZE) == 0 && !of_kernel) {
        fuse_reply_err(request, ENOSYS);
        return;
    }
    get_attributes(request, node, file);
}

void Operations::open(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
    switch (node) {
        case kFileInode: return open_file(request);
        case kStatsInode:
        case kJsonInode: return open_stats(request, node);
        default: fuse_reply_err(request, ENOENT);
    }
}

void Operations::open_file(fuse_req_t request) {
    inodes_.file_accessed(now_in_seconds());
    // Encoded here: libfuse 3.14.0 cannot say PARALLEL_DIRECT_WRITES.
    fuse_open_out out{};
    out.open_flags = options_.direct_io ? FOPEN_DIRECT_IO : FOPEN_KEEP_CACHE;
    if (options_.direct_io && options_.parallel_writes) {
        out.open_flags |= FOPEN_PARALLEL_DIRECT_WRITES;
    }
    fuse_reply_buf(request, reinterpret_cast<const char*>(&out), sizeof out);
}

void Operations::open_stats(fuse_req_t request, uint64_t node) {
    inodes_.stats_accessed(now_in_seconds());
    const Result<uint64_t> handle = inodes_.open_stats(statistics(node));
    if (!handle.has_value()) {
        fuse_reply_err(request, ENFILE);
        return;
    }
    fuse_open_out out{};
    out.fh = *handle;
    out.open_flags = FOPEN_DIRECT_IO;
    const int failed = fuse_reply_buf(request, reinterpret_cast<const char*>(&out), sizeof out);
    // Nobody waits for it any more: no RELEASE will come.
    if (failed != 0) inodes_.close_stats(*handle);
}

void Operations::release(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
    if (is_statistics(node)) inodes_.close_stats(file->fh);
    fuse_reply_err(request, 0);
}

void Operations::read_directory(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                                fuse_file_info*) {
    if (node != kRootInode) {
        fuse_reply_err(request, ENOTDIR);
        return;
    }
    std::vector<char> listing(std::min<size_t>(size, transfer_));
    size_t used = 0;
    const std::vector<Inodes::Entry> entries = inodes_.entries();
    for (size_t i = 0; i < entries.size(); ++i) {
        if (offset > static_cast<off_t>(i)) continue;
        struct stat s{};
        s.st_ino = entries[i].inode;
        s.st_mode = entries[i].mode;
        const size_t length =
            fuse_add_direntry(request, listing.data() + used, listing.size() - used,
                              entries[i].name.c_str(), &s, static_cast<off_t>(i + 1));
        if (length > listing.size() - used) break;
        used += length;
    }
    fuse_reply_buf(request, listing.data(), used);
}

void Operations::file_system(fuse_req_t request, fuse_ino_t) {
    struct statvfs s{};
    s.f_bsize = inodes_.geometry().block_size.value;
    s.f_frsize = s.f_bsize;
    s.f_blocks = inodes_.geometry().blocks.value;
    s.f_bfree = volume_.free_blocks().value;
    s.f_bavail = s.f_bfree;
    s.f_files = 3;
    fuse_reply_statfs(request, &s);
}

void Operations::unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
    const auto node = inodes_.find(name);
    if (parent != kRootInode || !node) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    if (*node == kStatsInode) volume_.reset_stats();
    fuse_reply_err(request, *node == kStatsInode ? 0 : EOPNOTSUPP);
}

void Operations::flush(fuse_req_t request, fuse_ino_t node, int, fuse_file_info*) {
    data_path_.flush(request, node);
}

void Operations::allocate(fuse_req_t request, fuse_ino_t node, int mode, off_t offset, off_t length,
                          fuse_file_info*) {
    data_path_.allocate(request, node, mode, static_cast<uint64_t>(offset),
                        static_cast<uint64_t>(length));
}

/// From libfuse's callbacks to members of Operations.
struct Verbs {
    template <class Function>
    struct Signature;
    template <class... Args>
    struct Signature<void (Operations::*)(fuse_req_t, Args...)> {
        template <void (Operations::*Method)(fuse_req_t, Args...)>
        static void call(fuse_req_t request, Args... args) {
            (static_cast<Operations*>(fuse_req_userdata(request))->*Method)(request, args...);
        }
    };
    template <auto Method>
    static constexpr auto kCall = &Signature<decltype(Method)>::template call<Method>;

    static void init(void* operations, fuse_conn_info* connection) {
        static_cast<Operations*>(operations)->init(connection);
    }
    static fuse_lowlevel_ops table() {
        fuse_lowlevel_ops ops{};
        ops.init = &Verbs::init;
        ops.lookup = kCall<&Operations::lookup>;
        ops.getattr = kCall<&Operations::get_attributes>;
        ops.setattr = kCall<&Operations::set_attributes>;
        ops.open = kCall<&Operations::open>;
        ops.release = kCall<&Operations::release>;
        ops.readdir = kCall<&Operations::read_directory>;
        ops.statfs = kCall<&Operations::file_system>;
        ops.unlink = kCall<&Operations::unlink>;
        ops.fsync = kCall<&Operations::flush>;
        ops.fallocate = kCall<&Operations::allocate>;
        return ops;
    }
};

const fuse_lowlevel_ops& Operations::verbs() {
    static const fuse_lowlevel_ops table = Verbs::table();
    return table;
}

}  // namespace s3b::fusell
