// SPDX-License-Identifier: Apache-2.0
// The object that says that somebody has mounted the bucket read-write, so that no second one does.
// Source: wire-format.md 2.7, 8; command-line.md 5.3.
#pragma once

#include <cstdint>
#include <optional>

#include "codec/object_name.h"
#include "engine/base/result.h"
#include "engine/reactor/task.h"
#include "net/object_store.h"

namespace s3b {

/// The token in the store; nullopt if there is none. Or why it could not be read.
using FoundToken = Result<std::optional<uint32_t>>;

/// Belongs to the reactor's thread. Directories (test mode) keep no token: it is never found there.
class MountToken {
public:
    MountToken(net::ObjectStore& store, const codec::ObjectNames& names)
        : store_(store), key_(names.mount_flag()) {}

    /// A flag object without a number counts as 1. Errors: those of the store.
    Task<FoundToken> read();
    /// Reads once more, writes a new random token, and reads it back. Busy if another mount has set
    /// one meanwhile: where the store knows conditional writes (If-None-Match) at most one of
    /// several gets through, and the token of the winner is never overwritten; elsewhere those that
    /// the winner has overwritten find out. `force` overwrites whatever there is.
    Task<Result<uint32_t>> establish(bool force);
    /// Takes part in a volume that several mounts share (sharedDiskMode): they all have the same
    /// token. Busy if the volume is mounted for one alone, unless `force`.
    Task<Result<uint32_t>> share(bool force);
    /// Goes on with the token of an earlier mount: Busy if it is not the one in the store any more.
    Task<Result<uint32_t>> keep(uint32_t token);
    Task<Result<void>> clear();

private:
    Task<Result<void>> write(uint32_t token, bool only_if_absent);

    net::ObjectStore& store_;
    std::string key_;
};

/// The token of all mounts that share a volume.
inline constexpr uint32_t kSharedToken = 0x7FFFFFFF;

/// A random token that no version of the format uses otherwise: 1 to 2^31 - 2.
uint32_t random_token();

}  // namespace s3b
