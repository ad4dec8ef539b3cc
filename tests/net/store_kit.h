// SPDX-License-Identifier: Apache-2.0
// What an S3 store works with, for tests: places for as many transfers as the test wants.
#pragma once

#include "engine/reactor/reactor.h"
#include "net/s3_store.h"

namespace s3b::net {

/// Outlives the store.
class StoreKit {
public:
    explicit StoreKit(Reactor& reactor, const TransferLimits& limits = TransferLimits())
        : reactor_(reactor), scheduler_(limits) {}
    S3Context context(Credentials* credentials = nullptr) {
        return {reactor_.ring(), executor_, scheduler_, credentials};
    }
    TransferScheduler& scheduler() { return scheduler_; }

private:
    Reactor& reactor_;
    InlineExecutor executor_;
    TransferScheduler scheduler_;
};

/// So many places for calls without a ticket, and one of each other kind.
inline TransferLimits places(uint32_t demand) {
    TransferLimits limits;
    limits.demand = demand;
    limits.background = 1;
    limits.listing = 1;
    return limits;
}

}  // namespace s3b::net
