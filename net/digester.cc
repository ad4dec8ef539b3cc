// SPDX-License-Identifier: Apache-2.0
#include "net/digester.h"

#include <algorithm>
#include <array>

#include "codec/hash.h"
#include "codec/md5_lanes.h"

namespace s3b::net {

/// Lives with whoever began it, until all of it is computed.
struct Digester::Group {
    using Priority = Executor::Priority;
    using All = std::array<Digests, codec::kMd5Lanes>;

    std::array<std::span<const std::byte>, codec::kMd5Lanes> bodies;
    std::array<Digests*, codec::kMd5Lanes> wanted_at{};
    size_t count = 0;
    Priority priority = Priority::Normal;
    WaitQueue computed;

    Group() = default;
    void add(std::span<const std::byte> body, Digests& digests, Priority its_priority) {
        bodies[count] = body;
        wanted_at[count] = &digests;
        ++count;
        if (its_priority == Priority::Urgent) priority = its_priority;
    }
    bool full() const { return count == bodies.size(); }
    bool must_begin() const { return full() || priority == Priority::Urgent; }
    All compute(Kind kind) const;
    Duration time(Kind kind) const;
    void hand_out(const All& results);
};

Digester::Group::All Digester::Group::compute(Kind kind) const {
    std::array<Md5, codec::kMd5Lanes> md5s;
    codec::md5_of_all(std::span(bodies).first(count), md5s);
    All results;
    for (size_t n = 0; n < count; ++n) {
        results[n].md5 = md5s[n];
        if (kind == Kind::Both) results[n].sha256 = codec::sha256(bodies[n]);
    }
    return results;
}

void Digester::Group::hand_out(const All& results) {
    for (size_t n = 0; n < count; ++n) *wanted_at[n] = results[n];
    computed.wake_all();
}

Duration Digester::Group::time(Kind kind) const {
    size_t longest = 0;
    size_t sum = 0;
    for (size_t n = 0; n < count; ++n) {
        longest = std::max(longest, bodies[n].size());
        sum += bodies[n].size();
    }
    const Duration md5 = codec::md5_time(ByteCount(longest), count);
    return kind == Kind::Md5 ? md5 : md5 + codec::sha256_time(ByteCount(sum));
}

Task<Digester::Digests> Digester::of(std::span<const std::byte> body, Executor::Priority priority) {
    Digests digests;
    if (open_ != nullptr) {
        Group& group = *open_;
        group.add(body, digests, priority);
        if (group.full()) open_ = nullptr;
        if (group.must_begin()) changed_.wake_all();
        co_await group.computed.wait();
        co_return digests;
    }
    Group group;
    group.add(body, digests, priority);
    open_ = &group;
    co_await yield();  // others that are ready may join
    while (!group.must_begin() && under_way_ > 0) {
        co_await changed_.wait();
    }
    if (open_ == &group) open_ = nullptr;
    ++under_way_;
    const auto compute = [&group, kind = kind_] { return group.compute(kind); };
    const auto results = co_await executor_.run(compute, group.priority, group.time(kind_));
    --under_way_;
    changed_.wake_all();
    group.hand_out(results);
    co_return digests;
}

}  // namespace s3b::net
