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

namespace s3b::net {

/// What all lanes of a store have in common.
struct LaneSettings {
    std::string user_agent;
    std::string proxy;  // empty = none
    std::string no_proxy;
    bool tls = false;
    bool insecure = false;          // do not verify the peer's certificate
    X509_STORE* trusted = nullptr;  // the certificates to verify with; outlives the lanes
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

    Lane(Owner& owner, const LaneSettings& settings);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    CURL* easy() const { return easy_; }
    /// Sets the handle up for `request`, which must stay valid until the lane has ended.
    void prepare(const HttpRequest& request);
    void ended(CURLcode code) override;
    /// Ends an exchange that is not over, as if it had failed with `code`.
    void abort(CURLcode code);

    // After the end of an exchange.

    CURLcode code() const { return code_; }
    /// Whether all of the request had gone out when the exchange ended.
    bool sent_whole() const;
    /// Why we told libcurl to give up.
    enum class Refusal { None, BodyTooLong, BadHeaders };
    Refusal refusal() const { return refusal_; }
    const char* error_text() const { return error_text_; }
    HttpReply take_reply() { return std::move(reply_); }

    /// Who waits for the end.
    WaitQueue done;
    bool used_before = false;
    bool running = false;  // between start and end
    bool added = false;    // the driver has it
    bool paused = false;

private:
    static size_t on_body(char* data, size_t one, size_t size, void* lane);
    static size_t on_header(char* data, size_t one, size_t size, void* lane);
    static CURLcode on_tls_context(CURL* easy, void* context, void* trusted);
    void set_once(const LaneSettings& settings);
    void set_way(const HttpRequest& request);
    void set_method(const HttpRequest& request);
    void set_headers(const HttpRequest& request);
    size_t take_body(std::span<const std::byte> data);
    size_t take_error_body(std::span<const std::byte> data);

    Owner& owner_;
    CURL* easy_;
    std::string no_proxy_;
    bool direct_ = false;  // what the handle is set to
    const HttpRequest* request_ = nullptr;
    HttpReply reply_;
    CURLcode code_ = CURLE_OK;
    Refusal refusal_ = Refusal::None;
    size_t slice_limit_;
    size_t slice_ = 0;  // bytes received in the turn of slice_turn_
    Instant slice_turn_{};
    size_t error_bytes_ = 0;
    std::vector<std::string> lines_;  // header lines, which nodes_ point into
    std::vector<curl_slist> nodes_;
    char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace s3b::net
