// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_decision.h"

#include <cinttypes>
#include <cstdio>

#include "engine/mount_token.h"

namespace s3b {

namespace {

using Verdict = MountDecision::Verdict;

std::string hex(uint32_t token) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%08" PRIx32, token);
    return text;
}

std::string blocks(uint64_t count) {
    return std::to_string(count) + (count == 1 ? " block" : " blocks");
}

/// They are dropped because of --force, or because nothing else can be done.
MountDecision drop(const MountCase& mount, std::string text) {
    if (mount.dirty > 0) {
        if (!text.empty()) text += '\n';
        text += "warning: the cache file holds " + blocks(mount.dirty) +
                " that never reached the store; they are dropped";
    }
    return {Verdict::Start, std::move(text)};
}

MountDecision recover(const MountCase& mount) {
    if (mount.read_only) {
        return {Verdict::Refuse, "the cache file holds " + blocks(mount.dirty) +
                                     " that never reached the store, which a read-only mount "
                                     "cannot write back; mount without --readOnly"};
    }
    return {Verdict::Recover, "recovering " + blocks(mount.dirty) + " from the cache file"};
}

/// The file was in use when its mount ended, and the store knows nothing of that mount.
MountDecision decide_without_store_token(const MountCase& mount) {
    const bool ended_well = mount.file == 0;
    if (ended_well || mount.dirty == 0) return drop(mount, "");
    if (!mount.has_store_token && mount.recover) return recover(mount);
    if (mount.force) return drop(mount, "");
    const std::string remedy =
        mount.has_store_token
            ? "they may be of another volume, or older than what the store has now"
            : "write them back with --blockCacheRecoverDirtyBlocks";
    return {Verdict::Refuse, "the cache file holds " + blocks(mount.dirty) +
                                 " that never reached the store (its mount token is " +
                                 hex(mount.file) + ", the store has none); " + remedy +
                                 "\nto drop them, mount with --force"};
}

}  // namespace

MountDecision decide_mount(const MountCase& mount) {
    if (!mount.store) return decide_without_store_token(mount);
    if (mount.shared && *mount.store == kSharedToken) return {};
    const bool same = mount.file == *mount.store;
    if (same && mount.recover && mount.dirty > 0) return recover(mount);
    if (same && mount.recover && !mount.read_only) return {Verdict::Recover, ""};
    const std::string mounted =
        "the store appears to be mounted already, mount token " + hex(*mount.store);
    if (mount.force) {
        return drop(mount, "warning: " + mounted + "\nwarning: going on because of --force");
    }
    std::string text = mounted;
    if (same && mount.dirty > 0) {
        text += "\nthe cache file has the same token and holds " + blocks(mount.dirty) +
                " that never reached the store; write them back with "
                "--blockCacheRecoverDirtyBlocks";
    } else if (same) {
        text +=
            "\nthe cache file has the same token: its mount did not end in order; go on with "
            "--blockCacheRecoverDirtyBlocks";
    } else if (mount.file != 0) {
        text += "\nthe cache file has another one, " + hex(mount.file);
    }
    return {Verdict::Refuse, text + "\nif you are sure that it is not, mount with --force"};
}

}  // namespace s3b
