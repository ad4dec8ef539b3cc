// SPDX-License-Identifier: Apache-2.0
// Whether the blocks of a volume can be decoded with the options given: asked before the volume is
// mounted, so that a wrong password neither touches the mount token nor mixes two encryptions.
// What goes wrong is said on stderr, in words for the operator.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "codec/block_codec.h"
#include "codec/object_name.h"
#include "engine/config.h"
#include "engine/reactor/task.h"
#include "engine/start_up.h"
#include "net/object_store.h"

namespace s3b {

/// The codec that `config` asks for; derives the keys (some 10 ms) and forgets the password. Null
/// if the cipher cannot be used.
std::unique_ptr<codec::BlockCodec> make_codec(Config& config, const Geometry& geometry);

/// Looks at block 0, or, if there is none, at the first block that a list names (of its first
/// kMaxPages pages): whether it decodes; without encryption, whether it is not encrypted either.
class DecodeCheck {
public:
    /// What else lies in the bucket may come before the first block.
    static constexpr int kMaxPages = 16;

    /// All of them outlive it.
    DecodeCheck(net::ObjectStore& store, codec::BlockCodec& codec, const VolumeFacts& facts,
                const Config& config);

    /// True if all is well, if there is no block, and with `config.force`.
    Task<bool> run();

private:
    Task<Result<void>> try_block(BlockNumber block);
    Task<Result<void>> decode(BlockNumber block, const std::string& key);
    Task<Result<std::optional<BlockNumber>>> find_block();
    std::string reason(BlockNumber block, const Error& error) const;
    bool refuse(const std::string& reason) const;

    net::ObjectStore& store_;
    codec::BlockCodec& codec_;
    const VolumeFacts& facts_;
    const Config& config_;
    codec::ObjectNames names_;
    std::string encoding_;  // of the block that was looked at
};

}  // namespace s3b
