// SPDX-License-Identifier: Apache-2.0
// One place for an HTTP exchange: an easy handle of libcurl that is set up once and used for one
// request after the other, with the memory that a request and its answer need.
#pragma once

#include <curl/curl.h>
#include <openssl/types.h>

#include <string>
#include <vector>

#include "engine/reactor/sync.h"
#include "net/curl_driver.h"
#include "net/http.h"
#include "net/http_log.h"

namespace s3b::net {

/// What all lanes of a store have in common.
struct LaneSettings {
    std::string user_agent;
    std::string proxy;  // empty = none
    std::string no_proxy;
    bool tls = false;
    bool insecure = false;           // do not verify the peer's certificate
    bool fresh_connections = false;  // a new connection for each exchange
    bool debug_http = false;         // see http_log.h
    ByteCount upload_speed;          // bytes a second of each exchange; 0 = no limit
    ByteCount download_speed;        // likewise
    X509_STORE* trusted = nullptr;   // the certificates to verify with; outlives the lanes
    curl_opensocket_callback on_open = nullptr;
    curl_closesocket_callback on_close = nullptr;
    void* socket_owner = nullptr;  // their first argument
};

/// Belongs to the reactor's thread. Free -> prepare() -> added to the driver -> ended -> free.
class Lane final : public CurlDriver::Listener {
public:
    /// Told what happens to a lane.
    class Owner {
    public:
        /// The exchange is over. The owner takes the handle out of the driver.
        virtual void lane_ended(Lane& lane) = 0;
        /// The lane has received its share of this turn. Called from within libcurl: the owner
        /// resumes it in a later turn.
        virtual void lane_paused(Lane& lane) = 0;

    protected:
        ~Owner() = default;
    };

    /// A lane reads so much of a body in one turn at most, then it pauses: one call of libcurl
    /// shall not hold the reactor for a millisecond. TLS costs about three times as much a byte.
    static constexpr size_t kSliceBytes = 256 * 1024;
    static constexpr size_t kTlsSliceBytes = 128 * 1024;
    /// An error document is kept up to the first and read up to the second, so that the
    /// connection can be used again.
    static constexpr size_t kKeptErrorBody = 2 * 1024;
    static constexpr size_t kMaxErrorBody = 256 * 1024;

    /// An exchange that moves less than kLeastRate bytes a second of its body is as good as dead.
    /// Not so if we limit its speed to less than kSlowestLimit: libcurl keeps a limit by moving up
    /// to 16 KiB at once, followed by a rest.
    static constexpr uint64_t kLeastRate = 1000;
    static constexpr uint64_t kSlowestLimit = 2 * kLeastRate;

    /// `settings` outlive it; `number` tells lanes apart in the log.
    Lane(Owner& owner, const LaneSettings& settings, unsigned number);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    CURL* easy() const { return easy_; }
    /// Sets the handle up for `request`, which must stay valid until the lane has ended.
    void prepare(const HttpRequest& request);
    void ended(CURLcode code) override;
    /// Ends an exchange that is not over, as if it had failed with `code`.
    void abort(CURLcode code);
    /// To be called every `period`. Whether the exchange had bytes to move all the time since the
    /// last call, and has moved fewer than kLeastRate allows; if so, give_up_slow() is next.
    bool too_slow(Duration period);
    void give_up_slow();

    // After the end of an exchange.

    CURLcode code() const { return code_; }
    /// Whether all of the request had gone out when the exchange ended.
    bool sent_whole() const;
    /// Why we told libcurl to give up.
    enum class Refusal { None, BodyTooLong, BadHeaders, TooSlow };
    Refusal refusal() const { return refusal_; }
    const char* error_text() const { return error_text_; }
    HttpReply take_reply() { return std::move(reply_); }

    /// Who waits for the end.
    WaitQueue done;
    bool used_before = false;
    bool running = false;  // between start and end
    bool added = false;    // the driver has it
    bool paused = false;
    Instant resume_at{};  // of a paused lane: not earlier, and not in the same turn

private:
    static size_t on_body(char* data, size_t one, size_t size, void* lane);
    static size_t on_header(char* data, size_t one, size_t size, void* lane);
    static CURLcode on_tls_context(CURL* easy, void* context, void* trusted);
    void set_once(const LaneSettings& settings);
    void set_speed(const LaneSettings& settings);
    void set_tls(const LaneSettings& settings);
    void set_way(const HttpRequest& request);
    void set_method(const HttpRequest& request);
    void set_body(std::span<const std::byte> body);
    void set_headers(const HttpRequest& request);
    /// What an exchange is doing: before and between the bodies it may take its time.
    enum class Phase { Waiting, Sending, Receiving };
    struct Progress {
        Phase phase = Phase::Waiting;
        uint64_t bytes = 0;  // of the body of this phase
    };
    Progress progress() const;
    void begin_body();
    Instant next_read() const;
    bool takes_encoded() const;
    size_t take_body(std::span<const std::byte> data);
    size_t take_error_body(std::span<const std::byte> data);

    Owner& owner_;
    const LaneSettings& settings_;
    CURL* easy_;
    const HttpRequest* request_ = nullptr;
    HttpReply reply_;
    CURLcode code_ = CURLE_OK;
    Refusal refusal_ = Refusal::None;
    size_t slice_limit_;
    size_t slice_ = 0;  // bytes received in the turn of slice_turn_
    Instant slice_turn_{};
    bool body_begun_ = false;
    Instant body_begin_{};  // when the first byte of a body was there
    size_t error_bytes_ = 0;
    bool may_send_slowly_;
    bool may_receive_slowly_;
    Progress last_progress_;
    HttpLog log_;
    std::vector<std::string> lines_;  // header lines, which nodes_ point into
    std::vector<curl_slist> nodes_;
    char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace s3b::net
