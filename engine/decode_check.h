// SPDX-License-Identifier: Apache-2.0
// Whether the blocks of a volume can be decoded with the options given: asked before the volume is
// mounted, so that a wrong password neither touches the mount token nor mixes two encryptions.
// What goes wrong is said on stderr, in words for the operator.
#pragma once

#include <memory>
#include <string_view>

#include "codec/block_codec.h"
#include "codec/object_name.h"
#include "engine/config.h"
#include "engine/reactor/task.h"
#include "net/object_store.h"

namespace s3b {

/// The codec that `config` asks for; derives the keys (some 10 ms) and forgets the password. Null
/// if the cipher cannot be used.
std::unique_ptr<codec::BlockCodec> make_codec(Config& config, const Geometry& geometry);

/// Whether `encoding`, of block 0 of a volume that is to be mounted without encryption, is none of
/// an encrypted one; true all the same with `config.force`.
bool check_not_encrypted(std::string_view encoding, const Config& config);

/// With encryption: decodes block 0, or, if there is none, the first block that a list names (of
/// its first kMaxPages pages). True if that is possible, if there is no block, if nothing is
/// encrypted, and with `config.force`.
class DecodeCheck {
public:
    /// What else lies in the bucket may come before the first block.
    static constexpr int kMaxPages = 16;

    /// All of them outlive it.
    DecodeCheck(net::ObjectStore& store, codec::BlockCodec& codec, const Geometry& geometry,
                const Config& config);

    Task<bool> run();

private:
    Task<Result<void>> try_block(BlockNumber block);
    Task<Result<std::optional<BlockNumber>>> find_block();

    net::ObjectStore& store_;
    codec::BlockCodec& codec_;
    Geometry geometry_;
    const Config& config_;
    codec::ObjectNames names_;
};

}  // namespace s3b
