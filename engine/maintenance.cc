// SPDX-License-Identifier: Apache-2.0
#include "engine/maintenance.h"

#include "engine/eraser.h"
#include "engine/reactor/cpu_pool.h"
#include "engine/start_up.h"

namespace s3b {

namespace {

net::TransferLimits transfer_limits(const Config& config) {
    net::TransferLimits limits;
    limits.background = Eraser::kPlaces;
    limits.listing = config.list_threads;
    return limits;
}

Task<void> maintain(CommandLine::Action action, Config& config, const net::S3Context& context,
                    bool& succeeded) {
    const auto store = open_store(config, context);
    if (store == nullptr) co_return;
    config.cache.size = 0;  // so that nothing is said about it
    const std::optional<Geometry> geometry = co_await settle_geometry(*store, config);
    if (!geometry) co_return;
    ProcessConsole console(context.ring);
    Erasure erasure(*store, context.scheduler, console, codec::ObjectNames(config.prefix));
    erasure.blocks = geometry->blocks;
    erasure.description = store_name(config);
    erasure.list_ranges = config.list_threads;
    erasure.has_token = !config.test;
    erasure.force = config.force;
    erasure.quiet = config.quiet;
    if (action == CommandLine::Action::Reset) {
        succeeded = co_await reset_mounted_flag(erasure);
        co_return;
    }
    Eraser eraser(erasure);
    succeeded = co_await eraser.run();
}

}  // namespace

int run_maintenance(CommandLine::Action action, Config config) {
    Reactor reactor;
    CpuPool cpu_pool(reactor, 1);
    net::TransferScheduler scheduler(transfer_limits(config));
    const net::S3Context context{reactor.ring(), cpu_pool, scheduler};
    bool succeeded = false;
    reactor.run(maintain(action, config, context, succeeded));
    return succeeded ? 0 : 1;
}

}  // namespace s3b
