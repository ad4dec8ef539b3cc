// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_token.h"

#include <sys/random.h>
#include <unistd.h>

#include "codec/hash.h"
#include "engine/base/check.h"
#include "engine/base/log.h"
#include "engine/reactor/scheduler.h"
#include "net/sigv4.h"

namespace s3b {

namespace {

constexpr uint32_t kOldStyleToken = 1;  // of a flag that carries no number

/// For people who wonder who has mounted: host name and time.
std::string flag_text() {
    char host[256] = {};
    gethostname(host, sizeof host - 1);
    return std::string(host) + '\n' + net::amz_date(Scheduler::current().wall_now()) + '\n';
}

/// Whether the token may be there although the write has failed so.
bool reading_tells(Errc code) { return code == Errc::Stale || code == Errc::OutcomeUnknown; }

}  // namespace

uint32_t random_token() {
    for (;;) {
        uint32_t token = 0;
        CHECK(getrandom(&token, sizeof token, 0) == static_cast<ssize_t>(sizeof token));
        token &= kSharedToken;
        if (token != 0 && token != kSharedToken) return token;
    }
}

Task<FoundToken> MountToken::read() {
    const Result<net::ObjectMeta> meta = co_await store_.head(key_);
    if (!meta.has_value()) {
        if (meta.error().code == Errc::NotFound) co_return std::optional<uint32_t>();
        co_return meta.error();
    }
    co_return std::optional<uint32_t>(meta->mount_token.value_or(kOldStyleToken));
}

Task<Result<uint32_t>> MountToken::establish(bool force) {
    CO_TRY(const std::optional<uint32_t> present, co_await read());
    if (present && !force) co_return Error(Errc::Busy, "mounted by another process meanwhile");
    const uint32_t token = random_token();
    Result<void> written = co_await write(token, !force);
    if (!written.has_value() && written.error().code == Errc::Unsupported && !force) {
        log::warn("the store has no conditional writes: mounts at the same instant may both pass");
        written = co_await write(token, false);
    }
    // Stale: somebody was faster, or the answer to our own first attempt was lost. Reading back
    // tells, and finds out a store that ignores the condition.
    if (!written.has_value() && !reading_tells(written.error().code)) co_return written.error();
    CO_TRY(const std::optional<uint32_t> winner, co_await read());
    if (winner != token) {
        if (!winner && !written.has_value()) co_return written.error();
        co_return Error(Errc::Busy, "mounted by another process meanwhile");
    }
    log::info("established new mount token", log::kv("token", BlockNumber(token)));
    co_return token;
}

Task<Result<uint32_t>> MountToken::share(bool force) {
    CO_TRY(const std::optional<uint32_t> present, co_await read());
    if (present == kSharedToken) co_return kSharedToken;
    if (present && !force) co_return Error(Errc::Busy, "mounted by another process meanwhile");
    CO_TRY_VOID(co_await write(kSharedToken, false));
    log::info("the volume is shared from now on");
    co_return kSharedToken;
}

Task<Result<uint32_t>> MountToken::keep(uint32_t token) {
    CO_TRY(const std::optional<uint32_t> present, co_await read());
    if (present != token) co_return Error(Errc::Busy, "mounted by another process meanwhile");
    co_return token;
}

Task<Result<void>> MountToken::write(uint32_t token, bool only_if_absent) {
    const std::string text = flag_text();
    net::PutRequest request;
    request.key = key_;
    request.body = codec::bytes_of(text);
    request.md5 = codec::md5(request.body);
    request.sha256 = codec::sha256(request.body);
    request.content_type = "text/plain";
    request.meta.mount_token = token;
    request.only_if_absent = only_if_absent;
    CO_TRY_VOID(co_await store_.put(request));
    co_return ok();
}

Task<Result<void>> MountToken::clear() { co_return co_await store_.remove(key_); }

}  // namespace s3b
