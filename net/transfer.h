// SPDX-License-Identifier: Apache-2.0
// HTTP exchanges on the reactor: `co_await transfer.send(place, request)`. All of libcurl is
// behind this. There are as many lanes as exchanges may be under way at once; the others wait
// here, first come, first served, so that libcurl never queues and no waiting counts as a timeout.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"
#include "net/curl_driver.h"
#include "net/http.h"
#include "net/lane.h"
#include "net/store_counters.h"
#include "net/trust.h"

namespace s3b::net {

struct TransferSettings {
    unsigned lanes = 1;     // exchanges at once, and connections kept; at least 1
    bool tls = false;       // whether the URLs are https
    bool insecure = false;  // do not verify certificates (host names still are)
    std::string user_agent;
    std::optional<uint8_t> ip_tos;   // type-of-service byte of our packets
    bool fresh_connections = false;  // a new connection for each exchange
    bool debug_http = false;         // log heads of requests and answers, see http_log.h
    ByteCount upload_speed;          // bytes a second of each exchange; 0 = no limit
    ByteCount download_speed;        // likewise
    /// An exchange whose body moves too slowly (Lane::kLeastRate) all through such a period ends
    /// with Timeout: 30 to 60 s after it began to, whatever its own time limit is.
    Duration slow_period = std::chrono::seconds(30);
};

/// A handle on an exchange, to end it early. Lives in the frame of whoever calls Transfer::send(),
/// and outlives that call.
class Exchange {
public:
    Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() { CHECK(lane_ == nullptr); }

    /// Ends the exchange at once with Cancelled, or the one that is still to come. Nothing is
    /// written to the caller's memory afterwards. A PUT, POST or DELETE may yet take effect. No
    /// effect if the exchange has ended.
    void cancel();
    bool cancelled() const { return cancelled_; }

private:
    // NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): it is final
    friend class Transfer;
    Lane* lane_ = nullptr;  // while the exchange is under way
    bool cancelled_ = false;
};

/// Belongs to the reactor's thread.
class Transfer final : public Lane::Owner {
public:
    /// A burst of starts would hold the reactor for a millisecond; a TLS handshake takes one.
    static constexpr unsigned kStartsPerTurn = 8;
    static constexpr unsigned kTlsConnectionsPerTurn = 1;

    /// `trusted`: what to verify peers with; may be null without TLS. `ring` and `counters` must
    /// outlive it.
    Transfer(Ring& ring, TransferSettings settings, TrustStore trusted, StoreCounters& counters);
    /// All exchanges must have ended (CHECKed).
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// The right to one exchange at a time; gives it back at its end.
    class Place {
    public:
        explicit Place(Transfer& transfer) : transfer_(&transfer) {}
        Place(Place&& other) noexcept : transfer_(std::exchange(other.transfer_, nullptr)) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (transfer_ != nullptr) transfer_->places_.release();
        }

    private:
        friend class Transfer;
        Transfer* transfer_;
    };
    /// Waits for a place, first come, first served.
    Task<Place> place();
    /// A place if one is free and nobody waits for it.
    std::optional<Place> try_place();

    /// One exchange; yields the answer of any status. Errors, all transient: Timeout, Unreachable,
    /// ServerError (the connection broke), BadReply (longer than `into`, malformed),
    /// OutcomeUnknown (a PUT, POST or DELETE was sent whole, and no answer came), Io (out of
    /// memory), Cancelled. `request` must stay valid meanwhile.
    Task<Result<HttpReply>> send(const Place& place, const HttpRequest& request,
                                 Exchange* exchange = nullptr);

    /// Ends the exchanges that have moved too little since the last call, if that was `slow_period`
    /// ago. A timer calls it as long as there are exchanges.
    void end_slow();
    /// Ends all exchanges with Cancelled, also the later ones.
    void cancel_all();

private:
    /// Starts and resumes what had to wait for the next turn.
    struct Pace : Timer {
        explicit Pace(Transfer& t) : Timer(&Pace::fire), transfer(t) {}
        static void fire(Timer& timer);
        Transfer& transfer;
    };

    /// Looks for exchanges that are too slow, as long as there are any.
    struct RateWatch : Timer {
        explicit RateWatch(Transfer& t) : Timer(&RateWatch::fire), transfer(t) {}
        static void fire(Timer& timer);
        Transfer& transfer;
    };

    void lane_ended(Lane& lane) override;
    void lane_paused(Lane& lane) override;
    static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int on_close(void* self, curl_socket_t socket);

    Lane& take_lane();
    void start(Lane& lane);
    bool may_start();
    void watch_rate();
    void start_waiting();
    void resume_paused();
    void wake_at(Instant time);
    Result<HttpReply> outcome(Lane& lane, Method method);
    Error failure(const Lane& lane, Method method);
    Error cause(const Lane& lane);

    TransferSettings settings_;
    StoreCounters& counters_;
    TrustStore trusted_;
    LaneSettings lane_settings_;
    unsigned open_sockets_ = 0;
    CurlDriver driver_;                         // counts sockets until its end
    std::vector<std::unique_ptr<Lane>> lanes_;  // at most settings_.lanes
    std::vector<Lane*> idle_;
    std::deque<Lane*> starting_;  // at most one entry a lane, as is paused_
    std::vector<Lane*> paused_;
    Semaphore places_;
    Pace pace_{*this};
    RateWatch rate_watch_{*this};
    Instant pace_due_{};   // when pace_ fires, if it is armed
    Instant pace_turn_{};  // the turn that the next two count for
    unsigned starts_ = 0;
    unsigned new_connections_ = 0;
    unsigned active_ = 0;  // lanes that the driver has
    bool cancelled_ = false;
};

}  // namespace s3b::net
