// SPDX-License-Identifier: Apache-2.0
#include "fusell/hit_server.h"

#include <linux/fuse.h>
#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/reactor/signals.h"
#include "fusell/inodes.h"

namespace s3b::fusell {

HitServer::HitServer(Reactor& reactor, RingEntry::Holder& rest, Settings settings)
    : reactor_(reactor), rest_(rest), settings_(std::move(settings)) {
    {
        const BlockedSignals blocked;
        thread_ = std::thread([this] { run(); });
    }
    started_.acquire();
}

HitServer::~HitServer() {
    own_->post(stop_);
    told_to_stop_.release();
    thread_.join();
}

void HitServer::run() {
    pthread_setname_np(pthread_self(), settings_.name.c_str());
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (const uint32_t cpu : settings_.cpus) {
        if (cpu < CPU_SETSIZE) CPU_SET(cpu, &cpus);
    }
    pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);  // all works without
    Reactor own;
    own_ = &own;
    started_.release();
    own.run(wait_for_stop());
    told_to_stop_.acquire();  // before that, post() may still use `own`
}

Task<void> HitServer::wait_for_stop() {
    while (!stop_.stopped) {
        co_await stop_.waiting.wait();
    }
}

void HitServer::give(RingEntry& entry) {
    entry.holder = this;
    own_->post(entry);
}

void HitServer::take(RingEntry& entry) { entry.submit(own_->ring(), settings_.device); }

void HitServer::completed(RingEntry& entry, int32_t result) {
    if (result >= 0 && answer(entry)) {
        entry.state = RingEntry::State::Idle;
        entry.hits_wanted = RingEntry::kHitsWanted;
        return entry.submit(own_->ring(), settings_.device);
    }
    entry.outcome = result;
    entry.holder = &rest_;
    reactor_.post(entry);
}

/// Whether the request is a read that has been answered. Who is in doubt leaves it to the reactor.
bool HitServer::answer(RingEntry& entry) {
    fuse_in_header in;
    fuse_read_in read;
    std::memcpy(&in, entry.header->in_out.data(), sizeof in);
    if (in.opcode != FUSE_READ || in.nodeid != kFileInode) return false;
    if (in.len != sizeof in + sizeof read || entry.header->payload_bytes != 0) return false;
    std::memcpy(&read, entry.header->operation.data(), sizeof read);
    const size_t room = std::min<size_t>(entry.pieces[1].iov_len, kMost);
    if (read.size == 0 || read.size > room || read.size > settings_.file_size) return false;
    if (read.offset > settings_.file_size - read.size) return false;
    const std::span<std::byte> into(entry.payload(), read.size);
    if (!settings_.reader.read_hit(ByteOffset(read.offset), into)) {
        const unsigned twice = entry.hits_wanted * 2U;
        entry.hits_wanted = static_cast<uint16_t>(std::min(twice, kMostHitsWanted));
        return false;
    }
    entry.unique = in.unique;
    entry.set_answer(0, read.size);
    return true;
}

}  // namespace s3b::fusell
