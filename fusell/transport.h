// SPDX-License-Identifier: Apache-2.0
// How requests come from the kernel and replies go back: the interface of /dev/fuse (DevTransport)
// and of io_uring (RingTransport).
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "engine/base/check.h"
#include "engine/reactor/task.h"

namespace s3b::fusell {

/// So many requests hold memory at a time, at the most. Above what the kernel has under way in the
/// background (128) plus some hundred client threads.
inline constexpr uint32_t kMaxRequests = 512;

class Transport;

/// A request in memory of its transport, until it is answered or destroyed. Belongs to the
/// reactor's thread; must not outlive the transport.
class Request {
public:
    Request(Transport& owner, uint32_t slot, std::span<std::byte> message,
            std::span<std::byte> data)
        : owner_(&owner), slot_(slot), message_(message), data_(data) {}
    Request(Request&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)),
          slot_(other.slot_),
          message_(other.message_),
          data_(other.data_) {}
    Request& operator=(Request&&) = delete;
    ~Request();

    /// As the kernel wrote it: header, the struct of the operation, names or data.
    std::span<std::byte> message() { return message_; }
    /// As many bytes as one request moves at the most, page aligned. Holds what a WRITE brought; a
    /// reply is built here.
    std::span<std::byte> data() { return data_; }
    uint32_t slot() const { return slot_; }

    /// Answers with the first `length` bytes of data().
    void reply(size_t length) &&;
    /// Whether the bytes of a reply may lie anywhere: then reply_from() saves a copy.
    bool replies_from_anywhere() const;
    /// Answers with all bytes of `pieces` but the first one, whose place is the transport's. They
    /// are not needed any more when it returns.
    void reply_from(std::span<iovec> pieces) &&;
    /// Answers with `error`, an errno (> 0).
    void fail(int error) &&;
    /// For the transport: it will release the memory itself.
    void keep() && { owner_ = nullptr; }

private:
    Transport* owner_;
    uint32_t slot_;
    std::span<std::byte> message_;
    std::span<std::byte> data_;
};

/// Who answers requests.
class RequestHandler {
public:
    /// May answer at once or later, in any order; destroying a request answers nothing.
    virtual void handle(Request request) = 0;

protected:
    ~RequestHandler() = default;
};

/// Belongs to the reactor's thread.
class Transport {
public:
    virtual ~Transport() = default;

    /// Hands requests to `handler` until the file system is unmounted or aborted. Requests may
    /// still be under way then.
    virtual Task<void> serve(RequestHandler& handler) = 0;
    /// Waits until the kernel has all replies, after the last one has been given.
    virtual Task<void> join() = 0;
    /// INIT is about to be answered, the kernel offers these flags. Returns those that the answer
    /// must have for this transport.
    virtual uint64_t negotiate(uint64_t /*offered*/) { return 0; }
    /// The kernel has the answer to INIT.
    virtual void connected() {}
    /// Sends a message that was made elsewhere; it begins with its fuse_out_header. Returns its
    /// length, or -1 with errno set (ENOENT: nobody waits for it any more).
    virtual ssize_t send(std::span<const iovec> message) = 0;

protected:
    friend class Request;
    /// Answers `request` with `error` (0 = none) and the first `length` bytes of its data.
    virtual void finish(Request request, int error, size_t length) = 0;
    virtual void release(uint32_t slot) = 0;
    virtual bool replies_from_anywhere() const { return false; }
    virtual void finish_from(Request /*request*/, std::span<iovec> /*pieces*/) { CHECK(false); }
};

inline Request::~Request() {
    if (owner_ != nullptr) owner_->release(slot_);
}
inline void Request::reply(size_t length) && { owner_->finish(std::move(*this), 0, length); }
inline bool Request::replies_from_anywhere() const { return owner_->replies_from_anywhere(); }
inline void Request::reply_from(std::span<iovec> pieces) && {
    owner_->finish_from(std::move(*this), pieces);
}
inline void Request::fail(int error) && { owner_->finish(std::move(*this), error, 0); }

}  // namespace s3b::fusell
