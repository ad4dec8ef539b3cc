// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/ring.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "engine/base/check.h"
#include "engine/reactor/scheduler.h"

namespace s3b {

namespace {

constexpr unsigned kCompletions = 8192;

int init(io_uring& ring, unsigned entries, unsigned flags) {
    io_uring_params params{};
    params.flags = IORING_SETUP_CQSIZE | flags;
    params.cq_entries = kCompletions;
    return io_uring_queue_init_params(entries, &ring, &params);
}

/// 0 or -errno. A kernel before 6.1 refuses the flags it does not know.
int set_up(io_uring& ring, unsigned entries) {
    const int failed = init(ring, entries,
                            IORING_SETUP_SQE128 | IORING_SETUP_SUBMIT_ALL |
                                IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    return failed == -EINVAL ? init(ring, entries, 0) : failed;
}

}  // namespace

Ring::Ring(unsigned entries) {
    CHECK(set_up(ring_, entries) == 0);
    io_uring_register_ring_fd(&ring_);  // saves a look-up a call; all works without
}

Ring::~Ring() {
    CHECK(in_flight_ == 0);
    io_uring_queue_exit(&ring_);
}

int Ring::probe(unsigned entries) {
    io_uring ring{};
    const int failed = set_up(ring, entries);
    if (failed != 0) return -failed;
    io_uring_queue_exit(&ring);
    return 0;
}

io_uring_sqe& Ring::next_sqe() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
        io_uring_submit(&ring_);
        sqe = io_uring_get_sqe(&ring_);
        CHECK(sqe != nullptr);
    }
    std::memset(static_cast<void*>(sqe), 0, wide() ? 2 * sizeof *sqe : sizeof *sqe);
    return *sqe;
}

void Ring::start(const io_uring_sqe& prepared, Completion& done) {
    io_uring_sqe& sqe = next_sqe();
    std::memcpy(static_cast<void*>(&sqe), &prepared, sizeof(io_uring_sqe));
    io_uring_sqe_set_data(&sqe, &done);
    ++in_flight_;
}

void RingOp::await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    ring_.start(sqe_, *this);
}

void RingOp::complete(int32_t result) {
    result_ = result;
    Scheduler::current().make_ready(awaiter_);
}

namespace {

unsigned length_of(size_t bytes) {
    CHECK(bytes <= 0x7FFFF000);  // what one kernel read or write can move
    return static_cast<unsigned>(bytes);
}

/// An entry filled in by one of liburing's prep functions.
template <class Prepare, class... Args>
io_uring_sqe prepared(Prepare prepare, Args... args) {
    io_uring_sqe sqe{};
    prepare(&sqe, args...);
    return sqe;
}

}  // namespace

RingOp Ring::read(int fd, std::span<std::byte> into, uint64_t offset) {
    return RingOp(*this, prepared(io_uring_prep_read, fd, static_cast<void*>(into.data()),
                                  length_of(into.size()), offset));
}

RingOp Ring::write(int fd, std::span<const std::byte> from, uint64_t offset) {
    return RingOp(*this, prepared(io_uring_prep_write, fd, static_cast<const void*>(from.data()),
                                  length_of(from.size()), offset));
}

RingOp Ring::openat(int folder, const char* path, int flags, mode_t mode) {
    return RingOp(*this, prepared(io_uring_prep_openat, folder, path, flags, mode));
}

RingOp Ring::close(int fd) { return RingOp(*this, prepared(io_uring_prep_close, fd)); }

RingOp Ring::fsync(int fd) { return RingOp(*this, prepared(io_uring_prep_fsync, fd, 0U)); }

RingOp Ring::fdatasync(int fd) {
    return RingOp(*this, prepared(io_uring_prep_fsync, fd, unsigned{IORING_FSYNC_DATASYNC}));
}

std::optional<int> Ring::register_files(std::span<const int> fds) {
    const int failed =
        io_uring_register_files(&ring_, fds.data(), static_cast<unsigned>(fds.size()));
    return failed == 0 ? std::optional(0) : std::nullopt;
}

void Ring::unregister_files() { io_uring_unregister_files(&ring_); }

bool Ring::reserve_buffers(unsigned count) {
    return io_uring_register_buffers_sparse(&ring_, count) == 0;
}

bool Ring::register_buffer(unsigned index, std::span<std::byte> memory) {
    const iovec piece{memory.data(), memory.size()};
    const __u64 tag = 0;
    return io_uring_register_buffers_update_tag(&ring_, index, &piece, &tag, 1) == 1;
}

RingOp Ring::unlinkat(int folder, const char* path) {
    return RingOp(*this, prepared(io_uring_prep_unlinkat, folder, path, 0));
}

RingOp Ring::renameat(int old_folder, const char* old_path, int new_folder, const char* new_path,
                      unsigned flags) {
    return RingOp(
        *this, prepared(io_uring_prep_renameat, old_folder, old_path, new_folder, new_path, flags));
}

void Ring::poll(int fd, uint32_t events, Completion& done) {
    start(prepared(io_uring_prep_poll_add, fd, events), done);
}

void Ring::read(int fd, std::span<std::byte> into, Completion& done) {
    start(prepared(io_uring_prep_read, fd, static_cast<void*>(into.data()), length_of(into.size()),
                   uint64_t{0}),
          done);
}

void Ring::writev(int fd, const iovec* pieces, unsigned count, Completion& done) {
    start(prepared(io_uring_prep_writev, fd, pieces, count, uint64_t{0}), done);
}

void Ring::command(const DriverCommand& command, Completion& done) {
    // liburing 2.3 has no function for it. The driver's part begins in the last 16 bytes of a plain
    // entry.
    constexpr size_t kOwnOffset = 48;
    static_assert(offsetof(io_uring_sqe, cmd) == kOwnOffset);
    CHECK(wide());
    io_uring_sqe& sqe = next_sqe();
    sqe.opcode = IORING_OP_URING_CMD;
    sqe.fd = command.fd;
    sqe.cmd_op = command.operation;
    sqe.addr = reinterpret_cast<uintptr_t>(command.pieces.data());
    sqe.len = static_cast<uint32_t>(command.pieces.size());
    std::memcpy(reinterpret_cast<std::byte*>(&sqe) + kOwnOffset, command.own.data(),
                command.own.size());
    io_uring_sqe_set_data(&sqe, &done);
    ++in_flight_;
}

void Ring::cancel(Completion& target) {
    io_uring_sqe& sqe = next_sqe();
    io_uring_prep_cancel(&sqe, &target, 0);
    io_uring_sqe_set_data(&sqe, nullptr);  // nobody asks how the cancelling itself went
}

size_t Ring::dispatch() {
    // Copied out first: a completion may queue new operations, and so reuse the entries.
    std::array<io_uring_cqe*, 256> ready{};
    const unsigned count =
        io_uring_peek_batch_cqe(&ring_, ready.data(), static_cast<unsigned>(ready.size()));
    struct Outcome {
        Completion* done;
        int32_t result;
    };
    std::array<Outcome, ready.size()> outcomes{};
    for (unsigned i = 0; i < count; ++i) {
        outcomes[i] = {static_cast<Completion*>(io_uring_cqe_get_data(ready[i])), ready[i]->res};
    }
    io_uring_cq_advance(&ring_, count);
    for (unsigned i = 0; i < count; ++i) {
        if (outcomes[i].done == nullptr) continue;
        --in_flight_;
        outcomes[i].done->complete(outcomes[i].result);
    }
    return count;
}

void Ring::enter(Instant now, Instant deadline) {
    if (deadline <= now) {
        io_uring_submit_and_get_events(&ring_);
    } else {
        __kernel_timespec timeout{};
        if (deadline != kNever) {
            const auto left = (deadline - now).count();
            timeout.tv_sec = left / 1'000'000'000;
            timeout.tv_nsec = left % 1'000'000'000;
        }
        io_uring_cqe* first = nullptr;
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, deadline == kNever ? nullptr : &timeout,
                                         nullptr);
    }
    while (dispatch() > 0) {
    }
}

}  // namespace s3b
