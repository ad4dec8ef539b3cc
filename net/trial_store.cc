// SPDX-License-Identifier: Apache-2.0
#include "net/trial_store.h"

#include <cerrno>

#include "engine/reactor/sync.h"

namespace s3b::net {

/// What a call has to go through first.
Task<Result<void>> TrialStore::trouble() {
    if (settings_.delays) {
        const int delay = std::uniform_int_distribution<int>(0, kLongestDelay)(random_);
        co_await sleep_for(std::chrono::milliseconds(delay));
    }
    const bool fails =
        settings_.errors && std::uniform_int_distribution<int>(1, kOneIn)(random_) == 1;
    if (fails) co_return Error(Errc::Io, "a failure made up by test-errors", EAGAIN);
    co_return ok();
}

Task<Result<GetReply>> TrialStore::get(std::string_view key, ReadTarget into,
                                       Precondition precondition, Ticket* ticket) {
    CO_TRY_VOID(co_await trouble());
    if (settings_.discard) co_return Error(Errc::NotFound, "forgotten by test-discard");
    co_return co_await store_->get(key, into, precondition, ticket);
}

Task<Result<ETag>> TrialStore::put(const PutRequest& request, Ticket* ticket) {
    CO_TRY_VOID(co_await trouble());
    if (settings_.discard) co_return ETag(request.md5);
    co_return co_await store_->put(request, ticket);
}

Task<Result<void>> TrialStore::remove(std::string_view key, Ticket* ticket) {
    CO_TRY_VOID(co_await trouble());
    if (settings_.discard) co_return ok();
    co_return co_await store_->remove(key, ticket);
}

Task<Result<std::vector<std::string>>> TrialStore::remove_many(std::span<const std::string> keys,
                                                               Ticket* ticket) {
    CO_TRY_VOID(co_await trouble());
    if (settings_.discard) co_return std::vector<std::string>();
    co_return co_await store_->remove_many(keys, ticket);
}

Task<Result<ListPage>> TrialStore::list(const ListRequest& request, Ticket* ticket) {
    CO_TRY_VOID(co_await trouble());
    if (settings_.discard) co_return ListPage();
    co_return co_await store_->list(request, ticket);
}

Task<Result<ObjectMeta>> TrialStore::head(std::string_view key) {
    CO_TRY_VOID(co_await trouble());
    co_return co_await store_->head(key);
}

}  // namespace s3b::net
