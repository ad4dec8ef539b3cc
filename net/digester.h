// SPDX-License-Identifier: Apache-2.0
// Digests of bodies, in groups: those that are asked for in one turn of the loop, or while others
// are computed, take less time together than one after the other (codec/md5_lanes.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/digest.h"
#include "engine/reactor/cpu_pool.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

namespace s3b::net {

/// Belongs to the reactor's thread; outlives its calls.
class Digester {
public:
    struct Digests {
        Md5 md5;
        Sha256 sha256;  // only if it is wanted
    };
    /// Which digests: a checked body needs the first, a body that is sent both.
    enum class Kind { Md5, Both };

    Digester(Executor& executor, Kind kind) : executor_(executor), kind_(kind) {}

    /// `body` must not change meanwhile. While a group is computed, the next one waits until that
    /// has ended or it is full, unless one of its bodies is urgent. Short ones are computed here,
    /// long ones by a worker, with the priority of the most urgent of the group.
    Task<Digests> of(std::span<const std::byte> body, Executor::Priority priority);

private:
    struct Group;

    Executor& executor_;
    Kind kind_;
    Group* open_ = nullptr;  // has room, and was not begun yet
    uint32_t under_way_ = 0;
    WaitQueue changed_;  // where it waits
};

}  // namespace s3b::net
