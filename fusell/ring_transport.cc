// SPDX-License-Identifier: Apache-2.0
#include "fusell/ring_transport.h"

#include <linux/fuse.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "engine/base/log.h"
#include "fusell/request.h"

namespace s3b::fusell {

namespace {

/// What a message in one piece may have in front of the payload.
constexpr size_t kLongestPrefix = sizeof(fuse_in_header) + sizeof(uring::Header::operation);
static_assert(sizeof(uring::Header) + kLongestPrefix <= Buffer::kAlignment);

}  // namespace

RingTransport::RingTransport(Reactor& reactor, int device, uint32_t transfer, uint32_t queues,
                             const HitServing& hits)
    : reactor_(reactor),
      fd_(device),
      transfer_(std::max<size_t>(transfer, FUSE_MIN_READ_BUFFER)),
      queues_(queues),
      device_(reactor.ring(), device, transfer),
      hits_(hits),
      by_cpu_(queues) {
    CHECK(reactor.ring().wide() && queues > 0 && queues <= UINT16_MAX);
    arrived_.reserve(kMaxRequests + queues);
}

RingTransport::~RingTransport() { CHECK(alive_ == 0); }

Task<void> RingTransport::serve(RequestHandler& handler) {
    handler_ = &handler;
    co_await device_.serve(handler);
}

Task<void> RingTransport::join() {
    // The end of the mount lets go of all entries, and of those at work when they are answered.
    while (alive_ > 0) {
        co_await changed_.wait();
    }
    co_await pump_.join();
    servers_.clear();
    co_await device_.join();
}

uint64_t RingTransport::negotiate(uint64_t offered) {
    agreed_ = (offered & uring::kInitFlag) != 0;
    if (agreed_) return uring::kInitFlag;
    log::info("FUSE requests come through /dev/fuse: the kernel does not offer io_uring");
    return 0;
}

void RingTransport::connected() {
    if (!agreed_) return;
    start_hit_servers();
    // All requests wait until each queue has an entry.
    const uint32_t each = std::clamp(kMaxRequests / 2 / queues_, 1U, kFirstEntries);
    for (uint32_t queue = 0; queue < queues_; ++queue) grow(static_cast<uint16_t>(queue), each);
    log::info("FUSE requests come over io_uring", log::kv("queues", uint64_t{queues_}),
              log::kv("entries", uint64_t{entries_.size()}),
              log::kv("threads", uint64_t{servers_.size()}));
    pump_.spawn(pump());
}

/// As many as there may be and the volume has readers for, each near the CPUs whose queues it
/// serves.
void RingTransport::start_hit_servers() {
    const uint32_t count = std::min(hits_.threads, queues_);
    const uint64_t file_size = hits_.volume.geometry().volume_size().value;
    for (uint32_t number = 0; number < count; ++number) {
        HitReader* const reader = hits_.volume.hit_reader(number);
        if (reader == nullptr || Ring::probe(Reactor::kRingEntries) != 0) break;
        HitServer::Settings settings{fd_, file_size, *reader, "s3b-hit-" + std::to_string(number)};
        for (uint32_t cpu = number; cpu < queues_; cpu += count) settings.cpus.push_back(cpu);
        servers_.push_back(std::make_unique<HitServer>(reactor_, *this, std::move(settings)));
    }
}

HitServer* RingTransport::server_of(const Entry& entry) const {
    return servers_.empty() ? nullptr : servers_[entry.queue % servers_.size()].get();
}

void RingTransport::grow(uint16_t queue, uint32_t count) {
    for (; count > 0; --count) {
        const auto index = static_cast<uint32_t>(entries_.size());
        entries_.push_back(std::make_unique<Entry>(*this, index, queue, transfer_));
        Entry& entry = *entries_.back();
        ++by_cpu_[queue].entries;
        ++alive_;
        HitServer* const server = server_of(entry);
        if (server != nullptr) {
            server->give(entry);
        } else {
            entry.submit(reactor_.ring(), fd_);
        }
    }
}

void RingTransport::completed(Entry& entry, int32_t result) {
    if (result < 0) return lose(entry, result);
    entry.state = State::Arrived;
    arrived_.push_back(&entry);
    changed_.wake_all();
}

/// The kernel will not use `entry` any more.
void RingTransport::lose(Entry& entry, int32_t result) {
    const bool fresh = entry.state == State::Registering;
    entry.state = State::Dead;
    --alive_;
    changed_.wake_all();
    if (result == -ENOTCONN || result == -ECANCELED) return;  // the end of the mount
    if (!fresh) {
        log::error("the kernel refuses a reply",
                   log::kv("error", Error(Errc::Io, "io_uring", -result)));
    } else if (!refused_) {
        refused_ = true;
        log::warn("FUSE requests come through /dev/fuse: the kernel has refused an entry",
                  log::kv("error", Error(Errc::Io, "io_uring", -result)));
    }
}

Task<void> RingTransport::pump() {
    std::vector<Entry*> batch;
    batch.reserve(arrived_.capacity());
    while (alive_ > 0) {
        if (arrived_.empty()) {
            co_await changed_.wait();
            continue;
        }
        batch.swap(arrived_);
        int handled = 0;
        for (Entry* entry : batch) {
            deliver(*entry);
            if (++handled % kRequestsPerTurn == 0) {
                co_await yield();
            }
        }
        batch.clear();
    }
}

/// Puts the message together, right before its payload, and hands it over.
void RingTransport::deliver(Entry& entry) {
    const uring::Header& header = *entry.header;
    fuse_in_header in;
    std::memcpy(&in, header.in_out.data(), sizeof in);
    entry.state = State::Handled;
    entry.unique = in.unique;
    entry.brought = header.payload_bytes;
    Queue& queue = by_cpu_[entry.queue];
    if (++queue.busy > queue.entries / 2 && entries_.size() < kMaxRequests) {
        const auto room = static_cast<uint32_t>(kMaxRequests - entries_.size());
        grow(entry.queue, std::min(queue.entries, room));
    }
    const size_t before_payload = size_t{in.len} - header.payload_bytes;
    if (in.len < sizeof in + header.payload_bytes || before_payload > kLongestPrefix ||
        header.payload_bytes > transfer_) {
        log::error("a FUSE request makes no sense", log::kv("opcode", uint64_t{in.opcode}),
                   log::kv("length", uint64_t{in.len}),
                   log::kv("payload", uint64_t{header.payload_bytes}));
        return commit(entry, EIO, 0);
    }
    std::byte* const start = entry.payload() - before_payload;
    std::memcpy(start, &in, sizeof in);
    std::memcpy(start + sizeof in, header.operation.data(), before_payload - sizeof in);
    if (route_of(in.opcode) == Route::Library) with_library_.emplace(in.unique, entry.index);
    delivering_ = &entry;
    handler_->handle(Request(*this, entry.index, {start, in.len}, {entry.payload(), transfer_}));
    delivering_ = nullptr;
}

/// Answers with the first `length` bytes of the payload.
void RingTransport::commit(Entry& entry, int error, size_t length) {
    CHECK(entry.state == State::Handled && length <= transfer_);
    const bool back = goes_back(entry, error, length);
    entry.set_answer(error, length);
    spare_memory(entry, length);
    entry.state = State::Idle;
    --by_cpu_[entry.queue].busy;
    if (back) {
        server_of(entry)->give(entry);
    } else {
        entry.submit(reactor_.ring(), fd_);
    }
}

/// Whether the next request of `entry` may be one for its hit server, as the last ones were.
bool RingTransport::goes_back(Entry& entry, int error, size_t length) const {
    if (servers_.empty()) return false;
    fuse_in_header in;
    std::memcpy(&in, entry.header->in_out.data(), sizeof in);
    const bool hit = in.opcode == FUSE_READ && delivering_ == &entry && error == 0 && length > 0 &&
                     length <= HitServer::kMost;
    entry.hits_in_a_row = hit ? static_cast<uint16_t>(entry.hits_in_a_row + 1) : 0;
    if (entry.hits_in_a_row < entry.hits_wanted) return false;
    entry.hits_in_a_row = 0;
    return true;
}

void RingTransport::spare_memory(Entry& entry, size_t answered) {
    if (std::max(entry.brought, answered) <= kKeep) return;
    if (!entry.fat) ++fat_;
    entry.fat = true;
    if (fat_ <= kWarmEntries || answered > kKeep) return;
    ::madvise(entry.payload() + kKeep, transfer_ - kKeep, MADV_DONTNEED);
    entry.fat = false;
    --fat_;
}

void RingTransport::finish(Request request, int error, size_t length) {
    Entry& entry = *entries_[request.slot()];
    std::move(request).keep();
    commit(entry, error, length);
}

void RingTransport::release(uint32_t slot) {
    Entry& entry = *entries_[slot];
    // libfuse has answered already, or will; nobody else forgets to.
    if (entry.state != State::Handled || with_library_.contains(entry.unique)) return;
    commit(entry, EIO, 0);
}

ssize_t RingTransport::send(std::span<const iovec> message) {
    fuse_out_header out;
    CHECK(!message.empty() && message[0].iov_len >= sizeof out);
    std::memcpy(&out, message[0].iov_base, sizeof out);
    const auto found = with_library_.find(out.unique);
    if (out.unique == 0 || found == with_library_.end()) return device_.send(message);
    Entry& entry = *entries_[found->second];
    with_library_.erase(found);
    size_t length = 0;
    size_t skip = sizeof out;
    for (const iovec& piece : message) {
        const size_t from = std::min(skip, piece.iov_len);
        skip -= from;
        const size_t size = piece.iov_len - from;
        CHECK(size <= transfer_ - length);
        std::memcpy(entry.payload() + length, static_cast<std::byte*>(piece.iov_base) + from, size);
        length += size;
    }
    commit(entry, -out.error, length);
    return static_cast<ssize_t>(out.len);
}

}  // namespace s3b::fusell
