// SPDX-License-Identifier: Apache-2.0
#include "fusell/data_path.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fusell/errors.h"

namespace s3b::fusell {

namespace {

/// 0 for success, as libfuse and the kernel have it.
int errno_of_result(const Result<void>& result) {
    return result.has_value() ? 0 : errno_of(result.error());
}

void reply_written(Request request, size_t length) {
    fuse_write_out out{};
    out.size = static_cast<uint32_t>(length);
    std::memcpy(request.data().data(), &out, sizeof out);
    std::move(request).reply(sizeof out);
}

/// Whether fallocate(2) with `mode` makes a range read as zeros without changing the file's size.
bool zeroes(int mode) {
    return mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) || mode == FALLOC_FL_ZERO_RANGE ||
           mode == (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE);
}

/// Whether it only makes sure of space, which the volume always has.
bool reserves(int mode) { return mode == 0 || mode == FALLOC_FL_KEEP_SIZE; }

}  // namespace

time_t now_in_seconds() {
    return std::chrono::system_clock::to_time_t(Scheduler::current().wall_now());
}

void DataPath::read(Request request, const ReadRequest& in) {
    if (is_statistics(in.node)) return read_stats(std::move(request), in);
    if (in.node != kFileInode) return std::move(request).fail(EISDIR);
    if (in.size > request.data().size()) return std::move(request).fail(EINVAL);
    const Clip clipped = clip(in.offset, in.size, inodes_.file_size());
    if (clipped.error != 0) return std::move(request).fail(clipped.error);
    if (clipped.length == 0) {
        inodes_.file_accessed(now_in_seconds());
        return std::move(request).reply(0);
    }
    const ByteOffset offset(in.offset);
    if (read_in_place(request, offset, clipped.length)) return;
    if (!volume_.read_at_once(offset, request.data().first(clipped.length))) {
        return under_way_.spawn(read_volume(std::move(request), offset, clipped.length));
    }
    inodes_.file_accessed(now_in_seconds());
    std::move(request).reply(clipped.length);
}

bool DataPath::read_in_place(Request& request, ByteOffset offset, uint32_t length) {
    if (length < kInPlace || !request.replies_from_anywhere()) return false;
    pieces_.assign(1, iovec{});
    if (!volume_.read_in_place(offset, length, pieces_)) return false;
    inodes_.file_accessed(now_in_seconds());
    std::move(request).reply_from(pieces_);
    return true;
}

Task<void> DataPath::read_volume(Request request, ByteOffset offset, uint32_t length) {
    const std::span<std::byte> into = request.data().first(length);
    const Result<void> done = co_await volume_.read(offset, into);
    // A short reply would make the kernel take the file for shorter: all of it, or an error.
    if (!done.has_value()) co_return std::move(request).fail(errno_of(done.error()));
    inodes_.file_accessed(now_in_seconds());
    std::move(request).reply(length);
}

void DataPath::read_stats(Request request, const ReadRequest& in) {
    const std::string* text = inodes_.stats_of(in.handle);
    if (text == nullptr) return std::move(request).fail(EBADF);
    const size_t start = std::min<uint64_t>(in.offset, text->size());
    const size_t room = request.data().size();
    const size_t length = std::min({size_t{in.size}, text->size() - start, room});
    std::memcpy(request.data().data(), text->data() + start, length);
    inodes_.stats_accessed(now_in_seconds());
    std::move(request).reply(length);
}

void DataPath::write(Request request, const WriteRequest& in) {
    if (read_only_) return std::move(request).fail(EROFS);
    if (in.node != kFileInode) return std::move(request).fail(EINVAL);
    const Clip clipped =
        clip(in.offset, static_cast<uint32_t>(in.data.size()), inodes_.file_size());
    if (clipped.error != 0) return std::move(request).fail(clipped.error);
    if (clipped.length == 0) return reply_written(std::move(request), 0);
    const ByteOffset offset(in.offset);
    const std::span<const std::byte> from = in.data.first(clipped.length);
    if (!volume_.write_at_once(offset, from)) {
        return under_way_.spawn(write_volume(std::move(request), offset, from));
    }
    inodes_.file_modified(now_in_seconds());
    reply_written(std::move(request), from.size());
}

Task<void> DataPath::write_volume(Request request, ByteOffset offset,
                                  std::span<const std::byte> from) {
    const Result<void> done = co_await volume_.write(offset, from);
    if (!done.has_value()) co_return std::move(request).fail(errno_of(done.error()));
    inodes_.file_modified(now_in_seconds());
    reply_written(std::move(request), from.size());
}

void DataPath::flush(fuse_req_t request, uint64_t node) {
    if (read_only_ || node != kFileInode) {
        fuse_reply_err(request, 0);
        return;
    }
    under_way_.spawn(flush_volume(request));
}

Task<void> DataPath::flush_volume(fuse_req_t request) {
    const Result<void> done = co_await volume_.flush();
    fuse_reply_err(request, errno_of_result(done));
}

int DataPath::refusal(uint64_t node, int mode, uint64_t offset, uint64_t length) const {
    const uint64_t size = inodes_.file_size();
    if (node != kFileInode) return EOPNOTSUPP;
    if (read_only_) return EROFS;
    if (length > size || offset > size - length) return ENOSPC;
    return zeroes(mode) || reserves(mode) ? 0 : EOPNOTSUPP;
}

void DataPath::allocate(fuse_req_t request, uint64_t node, int mode, uint64_t offset,
                        uint64_t length) {
    const int error = refusal(node, mode, offset, length);
    if (error != 0 || reserves(mode) || length == 0) {
        fuse_reply_err(request, error);
        return;
    }
    under_way_.spawn(zero_volume(request, ByteOffset(offset), ByteCount(length)));
}

Task<void> DataPath::zero_volume(fuse_req_t request, ByteOffset offset, ByteCount length) {
    const Result<void> done = co_await volume_.zero(offset, length);
    if (done.has_value()) inodes_.file_modified(now_in_seconds());
    fuse_reply_err(request, errno_of_result(done));
}

}  // namespace s3b::fusell
