// SPDX-License-Identifier: Apache-2.0
// Another store made slow, unreliable or forgetful, to try out what stands on it (test-delays,
// test-errors, test-discard). Source: command-line.md 2.8; cache-and-consistency.md 5.3.
#pragma once

#include <memory>
#include <random>

#include "net/object_store.h"

namespace s3b::net {

struct TrialSettings {
    bool delays = false;   // each call begins after 0 to 199 ms
    bool errors = false;   // one call of TrialStore::kOneIn fails, and changes nothing
    bool discard = false;  // what is written is forgotten; there are no objects
    bool any() const { return delays || errors || discard; }
};

/// Belongs to the reactor's thread.
class TrialStore final : public ObjectStore {
public:
    static constexpr int kOneIn = 20;
    static constexpr int kLongestDelay = 199;  // ms

    TrialStore(std::unique_ptr<ObjectStore> store, TrialSettings settings, uint32_t seed)
        : store_(std::move(store)), settings_(settings), random_(seed) {}

    Task<Result<GetReply>> get(std::string_view key, ReadTarget into, Precondition precondition,
                               Ticket* ticket = nullptr) override;
    Task<Result<ETag>> put(const PutRequest& request, Ticket* ticket = nullptr) override;
    Task<Result<void>> remove(std::string_view key, Ticket* ticket = nullptr) override;
    Task<Result<std::vector<std::string>>> remove_many(std::span<const std::string> keys,
                                                       Ticket* ticket = nullptr) override;
    Task<Result<ListPage>> list(const ListRequest& request, Ticket* ticket = nullptr) override;
    Task<Result<ObjectMeta>> head(std::string_view key) override;
    Task<Result<void>> flush() override { co_return co_await store_->flush(); }
    void stop_lists() override { store_->stop_lists(); }
    void cancel_all() override { store_->cancel_all(); }

private:
    Task<Result<void>> trouble();

    std::unique_ptr<ObjectStore> store_;
    TrialSettings settings_;
    std::mt19937 random_;
};

}  // namespace s3b::net
