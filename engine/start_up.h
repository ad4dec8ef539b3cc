// SPDX-License-Identifier: Apache-2.0
// What has to be settled with the store before a volume is mounted: its sizes, and that nobody else
// has it. What goes wrong is said on stderr, in words for the operator.
// Source: wire-format.md 2.4, 8; command-line.md 5.1, 5.3.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/config.h"
#include "engine/mount_decision.h"
#include "engine/mount_token.h"
#include "engine/mounted_file.h"
#include "engine/reactor/task.h"

namespace s3b {

/// "s3backer: " and the text on stderr, each line of it.
void say(std::string_view text);

/// The store that `config` names; null if it cannot be used.
std::unique_ptr<net::ObjectStore> open_store(const Config& config, const net::S3Context& context);

/// What is known of a volume before it is mounted.
struct VolumeFacts {
    Geometry geometry;
    enum class FirstBlock { NotAsked, Missing, Present };
    FirstBlock first_block = FirstBlock::NotAsked;
    std::string encoding;  // Content-Encoding of block 0 if it is present

    explicit VolumeFacts(const Geometry& g) : geometry(g) {}
};

/// Detects the sizes from block 0 unless told not to, and checks them; nullopt if the volume
/// cannot be mounted.
Task<std::optional<VolumeFacts>> settle_geometry(net::ObjectStore& store, Config& config);

/// Decides by the store's mount token, if there can be one, and the file's. Says what there is to
/// be said.
MountDecision decide_mount(const std::optional<FoundToken>& token, const MountedFile* file,
                           const Config& config);

}  // namespace s3b
