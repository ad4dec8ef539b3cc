// SPDX-License-Identifier: Apache-2.0
#include "engine/maintenance.h"

#include "engine/eraser.h"
#include "engine/reactor/cpu_pool.h"
#include "engine/signing_keys.h"
#include "engine/start_up.h"

namespace s3b {

namespace {

net::TransferLimits transfer_limits(const Config& config) {
    net::TransferLimits limits;
    limits.read_ahead = 1;  // not used
    limits.background = Eraser::kPlaces;
    limits.listing = config.list_threads;
    limits.upload_rate = config.total_upload_speed;
    limits.download_rate = config.total_download_speed;
    return limits;
}

/// Resets the tokens of the store and of the cache file: what is dirty in that will be dropped by
/// the next mount.
Task<bool> reset(const Config& config, const Geometry& geometry, const Erasure& erasure) {
    CacheFile::Opened opened;
    if (!config.cache.file.empty()) {
        opened = CacheFile::open(config.cache.file, geometry.block_size);
    }
    if (!opened.wrong.empty()) {  // before anything is changed
        say(opened.wrong);
        co_return false;
    }
    const bool done = co_await reset_mounted_flag(erasure);
    if (!done || !opened.file) co_return done;
    const std::string wrong = opened.file->set_token(0);
    const bool written = wrong.empty();
    if (!written) say(wrong);
    co_return written;
}

Task<bool> maintain(CommandLine::Action action, Config& config, const net::S3Context& context) {
    const auto store = open_store(config, context);
    if (store == nullptr) co_return false;
    config.cache.size = 0;  // so that nothing is said about it
    const std::optional<VolumeFacts> facts = co_await settle_geometry(*store, config);
    if (!facts) co_return false;
    ProcessConsole console(context.ring);
    Erasure erasure(*store, context.scheduler, console,
                    codec::ObjectNames(config.prefix, config.block_hash_prefix));
    erasure.blocks = facts->geometry.blocks;
    erasure.description = store_name(config);
    erasure.list_ranges = config.list_threads;
    erasure.has_token = !config.test;
    erasure.force = config.force;
    erasure.quiet = config.quiet;
    if (action == CommandLine::Action::Reset) {
        co_return co_await reset(config, facts->geometry, erasure);
    }
    Eraser eraser(erasure);
    const bool erased = co_await eraser.run();
    if (erased && !config.cache.file.empty()) {
        say("the cache file still holds blocks of the erased volume, remove it: " +
            config.cache.file);
    }
    co_return erased;
}

Task<void> maintain_with_keys(CommandLine::Action action, Config& config,
                              const net::S3Context& without_keys, bool& succeeded) {
    SigningKeys keys(without_keys.ring, config.key_source);
    net::S3Context context = without_keys;
    context.credentials = keys.credentials();
    succeeded = co_await maintain(action, config, context);
    co_await keys.stop();
}

}  // namespace

int run_maintenance(CommandLine::Action action, Config config) {
    Reactor reactor;
    CpuPool cpu_pool(reactor, 1);
    net::TransferScheduler scheduler(transfer_limits(config));
    const net::S3Context context{reactor.ring(), cpu_pool, scheduler};
    bool succeeded = false;
    reactor.run(maintain_with_keys(action, config, context, succeeded));
    return succeeded ? 0 : 1;
}

}  // namespace s3b
