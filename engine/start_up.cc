// SPDX-License-Identifier: Apache-2.0
#include "engine/start_up.h"

#include <cstdio>

#include "codec/content_encoding.h"
#include "engine/options.h"
#include "net/dir_store.h"
#include "net/s3_store.h"

namespace s3b {

void say(std::string_view text) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string line(text.substr(0, end));
        std::fprintf(stderr, "s3backer: %s\n", line.c_str());
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

namespace {

/// What the store says of the volume's sizes; `failed` if it cannot be asked.
struct Detection {
    bool failed = false;
    std::optional<DetectedSizes> sizes;
    VolumeFacts::FirstBlock first_block = VolumeFacts::FirstBlock::NotAsked;
    std::string encoding;

    Detection() = default;
};

Task<Detection> detect(net::ObjectStore& store, const Config& config) {
    if (!config.quiet) say("auto-detecting block size and total file size...");
    const std::string key =
        codec::ObjectNames(config.prefix, config.block_hash_prefix).of(BlockNumber(0));
    const Result<net::ObjectMeta> meta = co_await store.head(key);
    Detection detection;
    if (meta.has_value()) {
        detection.first_block = VolumeFacts::FirstBlock::Present;
        detection.encoding = meta->content_encoding;
        if (meta->block_size && meta->file_size) {
            detection.sizes = DetectedSizes{*meta->file_size, *meta->block_size};
        }
    } else if (meta.error().code == Errc::NotFound) {
        detection.first_block = VolumeFacts::FirstBlock::Missing;
    } else {
        say("cannot read the meta-data of block 0 (" + key + "): " + describe(meta.error()));
        detection.failed = true;
    }
    co_return detection;
}

}  // namespace

std::unique_ptr<net::ObjectStore> open_store(const Config& config, const net::S3Context& context) {
    if (config.test) {
        auto directory = std::make_unique<net::DirStore>(context.ring, config.directory);
        if (!config.trial.any()) return directory;
        return std::make_unique<net::TrialStore>(std::move(directory), config.trial,
                                                 random_token());
    }
    net::S3Settings settings = config.s3;
    settings.accept_encoding = codec::accept_encoding(
        config.codec.compression.algorithm, config.codec.cipher ? config.codec.cipher->name : "");
    auto store = net::S3Store::create(context, settings);
    if (store.has_value()) return std::move(*store);
    say("cannot use the store: " + describe(store.error()));
    return nullptr;
}

Task<std::optional<VolumeFacts>> settle_geometry(net::ObjectStore& store, Config& config) {
    Detection detection;
    if (!config.test && config.auto_detect) {
        detection = co_await detect(store, config);
        if (detection.failed) co_return std::nullopt;
    }
    const Checked<Geometry> checked = check_geometry(config, detection.sizes);
    for (const std::string& message : checked.messages) say(message);
    if (const OptionError* error = checked.error()) {
        say(error->text);
        co_return std::nullopt;
    }
    VolumeFacts facts(*checked.value());
    facts.first_block = detection.first_block;
    facts.encoding = detection.encoding;
    co_return facts;
}

MountDecision decide_mount(const std::optional<FoundToken>& token, const MountedFile* file,
                           const Config& config) {
    MountCase mount;
    mount.has_store_token = token.has_value();
    if (file != nullptr) {
        mount.file = file->token();
        mount.dirty = file->dirty();
    }
    mount.recover = config.cache.recover_dirty_blocks;
    mount.force = config.force;
    mount.read_only = config.mount.read_only;
    mount.shared = config.shared_disk;
    MountDecision decision;
    if (token && !token->has_value()) {
        say("cannot read the mount token: " + describe(token->error()));
        decision.verdict = MountDecision::Verdict::Refuse;
        return decision;
    }
    if (token) mount.store = token->value();
    decision = decide_mount(mount);
    const bool refused = decision.verdict == MountDecision::Verdict::Refuse;
    if (refused || !config.quiet || mount.dirty > 0) say(decision.text);
    return decision;
}

}  // namespace s3b
