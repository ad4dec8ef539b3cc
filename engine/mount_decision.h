// SPDX-License-Identifier: Apache-2.0
// Whether a volume may be mounted, and what becomes of the blocks that an earlier mount left dirty
// in the cache file. Pure. Source: cache-and-consistency.md 3.9, 3.13; command-line.md 5.3, 11 (8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace s3b {

/// What is known before a mount.
struct MountCase {
    bool has_store_token = true;    // false in test mode: directories keep none
    std::optional<uint32_t> store;  // the store's mount token; nullopt: there is none
    uint32_t file = 0;              // that of the cache file; 0: none, or no file
    uint64_t dirty = 0;             // blocks that the file holds and the store has not
    bool recover = false;           // they are to be written back
    bool force = false;
    bool read_only = false;
    bool shared = false;  // with sharedDiskMode
};

struct MountDecision {
    enum class Verdict {
        Start,    // what is dirty in the file is dropped
        Recover,  // it is taken over; the tokens stay as they are
        Refuse,
    };
    Verdict verdict = Verdict::Start;
    /// For the user: why it is refused, or a warning; empty if there is nothing to be said.
    std::string text;

    MountDecision() = default;
    MountDecision(Verdict v, std::string t) : verdict(v), text(std::move(t)) {}
};

MountDecision decide_mount(const MountCase& mount);

}  // namespace s3b
