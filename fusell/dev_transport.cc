// SPDX-License-Identifier: Apache-2.0
#include "fusell/dev_transport.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/log.h"
#include "fusell/poll_wait.h"

namespace s3b::fusell {

namespace {

constexpr size_t kPage = Buffer::kAlignment;
// What precedes the data of a WRITE, so that the data begins with a page.
constexpr size_t kPrefix = sizeof(fuse_in_header) + sizeof(fuse_write_in);
static_assert(kPrefix == 80);

}  // namespace

DevTransport::DevTransport(Ring& ring, int device, uint32_t transfer, uint32_t max_requests)
    // The kernel reads into no less than 8 KiB.
    : ring_(ring),
      device_(device),
      transfer_(std::max<size_t>(transfer, FUSE_MIN_READ_BUFFER)),
      max_requests_(max_requests) {}

Task<void> DevTransport::serve(RequestHandler& handler) {
    for (;;) {
        switch (read_some(handler)) {
            case Outcome::Gone: co_return;
            case Outcome::Full: co_await returned_.wait(); break;
            case Outcome::Empty:
            case Outcome::Turn: co_await readable(ring_, device_); break;
        }
    }
}

Task<void> DevTransport::join() {
    while (replies_ > 0) co_await replies_sent_.wait();
}

DevTransport::Outcome DevTransport::read_some(RequestHandler& handler) {
    int handled = 0;
    const auto ended = [this, &handled](Outcome outcome) {
        last_turn_ = handled;
        return outcome;
    };
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
        uint32_t index = 0;
        if (!take_slot(index)) return ended(Outcome::Full);
        std::byte* data = slots_[index]->memory.bytes().data() + kPage;
        std::byte* start = data - kPrefix;
        const ssize_t length = ::read(device_, start, kPrefix + transfer_);
        const int error = length < 0 ? errno : 0;
        Request request(*this, index, {start, length > 0 ? static_cast<size_t>(length) : 0},
                        {data, transfer_});
        if (length == 0) return ended(Outcome::Gone);
        if (error == EINTR || error == ENOENT) continue;  // ENOENT: its client has given it up
        if (error != 0) return ended(outcome_of(error));
        slots_[index]->touched = request.message().size();
        ++handled;
        handler.handle(std::move(request));
    }
    return ended(Outcome::Turn);
}

DevTransport::Outcome DevTransport::outcome_of(int error) const {
    if (error == EAGAIN) return Outcome::Empty;
    if (error != ENODEV) {
        log::error("cannot read the FUSE device, the mount ends",
                   log::kv("error", Error(Errc::Io, "read", error)));
    }
    return Outcome::Gone;
}

bool DevTransport::take_slot(uint32_t& index) {
    if (idle_.empty()) {
        if (slots_.size() == max_requests_) return false;
        idle_.push_back(static_cast<uint32_t>(slots_.size()));
        slots_.push_back(std::make_unique<Slot>(*this, idle_.back(), transfer_));
    }
    index = idle_.back();
    idle_.pop_back();
    return true;
}

void DevTransport::release(uint32_t index) {
    Slot& slot = *slots_[index];
    if (slot.touched > kKeep && idle_.size() >= kWarmBuffers) {
        ::madvise(slot.memory.bytes().data() + kPage + kKeep, transfer_ - kKeep, MADV_DONTNEED);
    }
    slot.touched = 0;
    idle_.push_back(index);
    returned_.wake_one();
}

void DevTransport::finish(Request request, int error, size_t length) {
    CHECK(length <= transfer_);
    fuse_in_header in;
    std::memcpy(&in, request.message().data(), sizeof in);
    Slot& slot = *slots_[request.slot()];
    slot.touched = std::max(slot.touched, length);
    slot.out.len = static_cast<uint32_t>(sizeof slot.out + length);
    slot.out.error = -error;
    slot.out.unique = in.unique;
    slot.pieces = {iovec{&slot.out, sizeof slot.out}, iovec{request.data().data(), length}};
    const std::span<const iovec> message = std::span(slot.pieces).first(length > 0 ? 2 : 1);
    if (last_turn_ < kBatch) {
        send(message);
        return;
    }
    std::move(request).keep();
    ++replies_;
    ring_.writev(device_, message.data(), static_cast<unsigned>(message.size()), slot);
}

/// At once, whatever else is to be sent: the bytes may change later.
void DevTransport::finish_from(Request request, std::span<iovec> pieces) {
    fuse_in_header in;
    std::memcpy(&in, request.message().data(), sizeof in);
    size_t length = sizeof(fuse_out_header);
    for (const iovec& piece : pieces.subspan(1)) length += piece.iov_len;
    fuse_out_header out{static_cast<uint32_t>(length), 0, in.unique};
    pieces[0] = iovec{&out, sizeof out};
    send(pieces);
}

DevTransport::Slot::Slot(DevTransport& transport, uint32_t number, size_t transfer)
    // One page in front for the prefix; what else the kernel sends is shorter than a WRITE.
    : owner(transport), index(number), memory(ByteCount(kPage + transfer)) {}

void DevTransport::Slot::complete(int32_t result) {
    check_sent(result < 0 ? -result : 0);
    owner.release(index);
    if (--owner.replies_ == 0) owner.replies_sent_.wake_all();
}

ssize_t DevTransport::send(std::span<const iovec> message) {
    ssize_t sent = -1;
    do {
        sent = ::writev(device_, message.data(), static_cast<int>(message.size()));
    } while (sent < 0 && errno == EINTR);
    const int error = sent < 0 ? errno : 0;
    check_sent(error);
    errno = error;
    return sent;
}

void DevTransport::check_sent(int error) {
    // Requests whose client gave up, or that outlive the mount, are no failures.
    if (error == 0 || error == ENOENT || error == ENODEV) return;
    log::error("the kernel refuses a reply", log::kv("error", Error(Errc::Io, "writev", error)));
}

}  // namespace s3b::fusell
