// SPDX-License-Identifier: Apache-2.0
// The keys that requests are signed with, and how they stay fresh. No I/O of its own: a source
// fetches. Source: wire-format.md 2.8, 4.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/base/types.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

namespace s3b::net {

/// Without an id, requests are not signed. Overwritten when replaced or destroyed.
struct AccessKeys {
    std::string id;
    std::string secret;
    std::string session_token;        // empty: none
    std::optional<WallTime> expires;  // nullopt: never, as far as is known

    AccessKeys() = default;
    AccessKeys(const AccessKeys&) = default;
    AccessKeys(AccessKeys&& other) noexcept { swap(other); }
    AccessKeys& operator=(AccessKeys other) noexcept {
        swap(other);
        return *this;
    }
    ~AccessKeys();

    void swap(AccessKeys& other) noexcept;
    /// Whether requests are signed alike; when they expire does not matter.
    bool same_keys(const AccessKeys& other) const {
        return id == other.id && secret == other.secret && session_token == other.session_token;
    }
};

/// Where keys come from. Belongs to the reactor.
class CredentialSource {
public:
    virtual ~CredentialSource() = default;
    /// For log lines.
    virtual const char* name() const = 0;
    /// Fetches the keys that are valid now, with its own retries and limits of time. One call at a
    /// time. Errors as they come; Cancelled after stop().
    virtual Task<Result<AccessKeys>> fetch() = 0;
    /// Ends a fetch that is under way, and all later ones, as soon as it can.
    virtual void stop() {}
};

/// The keys to sign with, now and later. Belongs to the reactor; no call may be under way at its
/// end (CHECKed).
class Credentials {
public:
    /// Sources are not asked more often, whoever wants keys.
    static constexpr Duration kLeastInterval = std::chrono::seconds(5);
    /// The pause after a failed refresh doubles from the least interval up to this.
    static constexpr Duration kGreatestPause = std::chrono::minutes(5);
    /// Keys are refreshed so long before they expire, or at four fifths of a shorter life.
    static constexpr Duration kMargin = std::chrono::minutes(5);

    /// Keys that stay as they are.
    explicit Credentials(AccessKeys fixed);
    /// `refresh_every`: the greatest time between two fetches; 0 = none, only the expiry counts.
    /// `least_interval`: the least.
    Credentials(std::unique_ptr<CredentialSource> source, Duration refresh_every,
                Duration least_interval = kLeastInterval);
    Credentials(const Credentials&) = delete;
    Credentials& operator=(const Credentials&) = delete;
    ~Credentials();

    /// Fetches keys if there are none or they have expired; joins a fetch under way. Errors: those
    /// of the source, also of one just asked; BadReply (it gives expired keys).
    Task<Result<void>> ensure();

    const AccessKeys& keys() const { return keys_; }
    /// Rises with every change of the keys.
    uint64_t generation() const { return generation_; }
    /// Whether there may be other keys later.
    bool renewable() const { return source_ != nullptr; }

    /// The store has refused the keys of `generation`: fetches new ones unless that has happened
    /// since. True if the keys are other ones now; else the refusal is final for now.
    Task<bool> renew(uint64_t generation);

    /// Refreshes the keys in time until stop(), at once if there are none. Old keys stay while no
    /// new ones are to be had; that is logged and tried again. To be spawned once.
    Task<void> keep_fresh();
    /// Ends keep_fresh() and any fetch. Keys that expire later are not replaced any more: to be
    /// called after the last request.
    void stop();

private:
    bool usable() const;
    Task<Result<void>> refresh();
    Result<void> take(Result<AccessKeys> fetched);
    Instant next_refresh() const;
    Duration until_expiry_nears() const;

    std::unique_ptr<CredentialSource> source_;
    Duration refresh_every_{};
    Duration least_interval_ = kLeastInterval;
    AccessKeys keys_;
    uint64_t generation_ = 0;
    bool have_keys_ = false;
    bool fetching_ = false;
    bool stopped_ = false;
    unsigned failures_ = 0;  // in a row
    bool ever_asked_ = false;
    Instant asked_{};       // when the last fetch ended
    WallTime fetched_{};    // when that of keys_ ended
    Result<void> outcome_;  // of the last fetch
    WaitQueue fetch_ended_;
    WaitQueue refresh_due_;
};

}  // namespace s3b::net
