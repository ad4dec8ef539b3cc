// SPDX-License-Identifier: Apache-2.0
// Asks an HTTP service for a small document, with retries: what the sources that use the network
// have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "net/credential_sources.h"
#include "net/http.h"
#include "net/transfer.h"

namespace s3b::net {

/// Belongs to the reactor.
class KeyServer {
public:
    /// `name`: of the source, for log lines; a literal. `ring` and `settings` must outlive it.
    KeyServer(Ring& ring, const KeySourceSettings& settings, const char* name);

    /// Sends `request` until an answer of status 2xx has come; yields the length of its body, which
    /// is at the start of request.into. Fills in the limits of time. All calls must be to
    /// addresses of the same scheme. Errors: those of Transfer::send() and classify(); NotFound for
    /// status 404; Io (CA certificates). Waits between attempts as S3Store does, but does not
    /// repeat what was refused (4xx) or redirected.
    Task<Result<size_t>> ask(HttpRequest& request);

    /// The keys in the JSON document, of `limit` bytes at the most, that answers `request`, whose
    /// headers are overwritten. Errors: those of ask() and parse_key_document().
    Task<Result<AccessKeys>> ask_for_keys(HttpRequest& request, size_t limit);

    /// Ends what is under way with Cancelled, also later calls.
    void stop();

private:
    Result<void> connect(bool tls);
    Task<Result<size_t>> attempt(const HttpRequest& request);

    Ring& ring_;
    const KeySourceSettings& settings_;
    const char* name_;
    StoreCounters counters_;
    std::unique_ptr<Transfer> transfer_;  // made for the first call
    WaitQueue pauses_;
    int status_ = 0;  // of the last attempt; 0: no answer
    bool stopped_ = false;
};

/// An address as libcurl understands it.
struct KeyAddress {
    bool tls = false;
    std::string host;  // in the normal form of numeric addresses; IPv6 in brackets

    KeyAddress() = default;
};
/// nullopt unless `url` is http or https with a host and without a user and a fragment.
std::optional<KeyAddress> parse_key_address(const std::string& url);

}  // namespace s3b::net
