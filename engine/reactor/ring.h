// SPDX-License-Identifier: Apache-2.0
// io_uring: one awaitable for each operation, and completions for those who do not await.
#pragma once

#include <liburing.h>

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/base/types.h"

namespace s3b {

/// Who hears of a completion. Its address is the user_data of the operation; it must live until
/// then. `complete` queues work, it never resumes a coroutine itself.
class Completion {
public:
    virtual void complete(int32_t result) = 0;

protected:
    ~Completion() = default;
};

/// What a driver is told through the ring (IORING_OP_URING_CMD).
struct DriverCommand {
    int fd = -1;
    uint32_t operation = 0;           // of the driver
    std::span<const iovec> pieces;    // must live until the end of the turn
    std::array<std::byte, 80> own{};  // the driver's part of the entry
};

class Ring;

/// One operation as an awaitable; yields the kernel's result (>= 0, or -errno). It lives in the
/// awaiting frame. Nothing is allocated.
class RingOp final : public Completion {
public:
    RingOp(Ring& ring, const io_uring_sqe& prepared) : ring_(ring), sqe_(prepared) {}
    RingOp(const RingOp&) = delete;
    RingOp& operator=(const RingOp&) = delete;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiter);
    int32_t await_resume() const noexcept { return result_; }
    void complete(int32_t result) override;

private:
    Ring& ring_;
    io_uring_sqe sqe_;
    std::coroutine_handle<> awaiter_;
    int32_t result_ = 0;
};

/// The one ring of a reactor. All of it belongs to the thread that made it.
class Ring {
public:
    /// Entries of 128 bytes, single issuer, deferred task work where the kernel has them (6.1);
    /// plain otherwise. CHECKs that io_uring is available at all; see probe().
    explicit Ring(unsigned entries);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// 0 if the kernel lets this process have a ring of so many entries, else the errno why not.
    static int probe(unsigned entries);

    RingOp read(int fd, std::span<std::byte> into, uint64_t offset);
    RingOp write(int fd, std::span<const std::byte> from, uint64_t offset);
    RingOp openat(int folder, const char* path, int flags, mode_t mode);
    RingOp close(int fd);
    RingOp fsync(int fd);
    /// What is needed to read the data back, not the times of the file.
    RingOp fdatasync(int fd);
    RingOp unlinkat(int folder, const char* path);
    /// `flags` as of renameat2(2).
    RingOp renameat(int old_folder, const char* old_path, int new_folder, const char* new_path,
                    unsigned flags = 0);

    /// Files that the kernel need not look up for each operation; their place is the first of their
    /// consecutive numbers (IOSQE_FIXED_FILE), or nullopt if the kernel does not take them. Once.
    std::optional<int> register_files(std::span<const int> fds);
    /// Lets go of them; no operation on them may be under way.
    void unregister_files();
    /// Makes room for so many pieces of memory that the kernel need not pin for each operation.
    /// False: it has none. Once.
    bool reserve_buffers(unsigned count);
    /// The piece `index`, at most 1 GiB, becomes resident and stays so. False: it cannot be.
    bool register_buffer(unsigned index, std::span<std::byte> memory);

    /// Starts a one-shot poll of `fd` for `events` (POLLIN, ...); `done` hears the result once,
    /// also after cancel(): then -ECANCELED.
    void poll(int fd, uint32_t events, Completion& done);
    /// Reads once for somebody who does not await.
    void read(int fd, std::span<std::byte> into, Completion& done);
    /// Writes once, all pieces in one call, for somebody who does not await.
    void writev(int fd, const iovec* pieces, unsigned count, Completion& done);
    /// Whether entries have 128 bytes, which a DriverCommand needs.
    bool wide() const { return (ring_.flags & IORING_SETUP_SQE128) != 0; }
    /// Only where wide().
    void command(const DriverCommand& command, Completion& done);
    /// Asks the kernel to end the operation of `target` early. Its completion still comes.
    void cancel(Completion& target);

    /// Operations whose completion has not come yet.
    size_t in_flight() const { return in_flight_; }

    /// Submits what is queued, waits for a completion until `deadline` (does not wait if it is not
    /// later than `now`; for ever if kNever), hands all completions out.
    void enter(Instant now, Instant deadline);

private:
    friend class RingOp;
    /// A free entry, all zeros; submits what is queued to make room.
    io_uring_sqe& next_sqe();
    void start(const io_uring_sqe& prepared, Completion& done);
    size_t dispatch();

    io_uring ring_{};
    size_t in_flight_ = 0;
};

}  // namespace s3b
