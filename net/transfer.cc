// SPDX-License-Identifier: Apache-2.0
#include "net/transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"
#include "engine/base/log.h"
#include "net/proxy.h"

namespace s3b::net {

namespace {

void set_type_of_service(int fd, int family, uint8_t value) {
    const int tos = value;
    // Refused where the system does not let us: it is a wish, the packets go out all the same.
    if (family == AF_INET) setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
}

}  // namespace

Transfer::Transfer(Ring& ring, TransferSettings settings, TrustStore trusted,
                   StoreCounters& counters)
    : settings_(std::move(settings)),
      counters_(counters),
      trusted_(std::move(trusted)),
      driver_(ring, settings_.lanes),
      places_(settings_.lanes) {
    CHECK(settings_.lanes > 0);
    lane_settings_.user_agent = settings_.user_agent;
    lane_settings_.proxy = proxy_from_environment(settings_.tls);
    lane_settings_.no_proxy = hosts_without_proxy();
    lane_settings_.tls = settings_.tls;
    lane_settings_.insecure = settings_.insecure;
    lane_settings_.fresh_connections = settings_.fresh_connections;
    lane_settings_.debug_http = settings_.debug_http;
    lane_settings_.upload_speed = settings_.upload_speed;
    lane_settings_.download_speed = settings_.download_speed;
    lane_settings_.trusted = trusted_.get();
    lane_settings_.on_open = &Transfer::on_open;
    lane_settings_.on_close = &Transfer::on_close;
    lane_settings_.socket_owner = this;
}

Transfer::~Transfer() {
    CHECK(places_.free_places() == settings_.lanes);
    Scheduler::current().disarm(pace_);
    Scheduler::current().disarm(rate_watch_);
}

Task<Transfer::Place> Transfer::place() {
    co_await places_.acquire();
    co_return Place(*this);
}

std::optional<Transfer::Place> Transfer::try_place() {
    if (!places_.try_acquire()) return std::nullopt;
    return std::optional<Place>(std::in_place, *this);
}

void Exchange::cancel() {
    cancelled_ = true;
    if (lane_ != nullptr) lane_->abort(CURLE_ABORTED_BY_CALLBACK);
}

Task<Result<HttpReply>> Transfer::send(const Place& place, const HttpRequest& request,
                                       Exchange* exchange) {
    CHECK(place.transfer_ == this);
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    if (exchange != nullptr && exchange->cancelled_) co_return Error(Errc::Cancelled, "given up");
    Lane& lane = take_lane();
    if (exchange != nullptr) exchange->lane_ = &lane;
    lane.prepare(request);
    start(lane);
    while (lane.running) {
        co_await lane.done.wait();
    }
    if (exchange != nullptr) exchange->lane_ = nullptr;
    Result<HttpReply> result = outcome(lane, request.method);
    idle_.push_back(&lane);
    co_return result;
}

void Transfer::cancel_all() {
    cancelled_ = true;
    for (const auto& lane : lanes_) lane->abort(CURLE_ABORTED_BY_CALLBACK);
}

Lane& Transfer::take_lane() {
    if (idle_.empty()) {
        CHECK(lanes_.size() < settings_.lanes);
        const auto number = static_cast<unsigned>(lanes_.size());
        lanes_.push_back(std::make_unique<Lane>(*this, lane_settings_, number));
        idle_.push_back(lanes_.back().get());
    }
    Lane& lane = *idle_.back();  // the one used last: its connection and memory are warm
    idle_.pop_back();
    ++(lane.used_before ? counters_.handles_reused : counters_.handles_created);
    lane.used_before = true;
    return lane;
}

bool Transfer::may_start() {
    const Instant turn = Scheduler::current().now();
    if (turn != pace_turn_) {
        pace_turn_ = turn;
        starts_ = 0;
        new_connections_ = 0;
    }
    // libcurl opens a connection when those it has are all in use.
    const bool connects = active_ >= open_sockets_;
    if (starts_ >= kStartsPerTurn) return false;
    if (settings_.tls && connects && new_connections_ >= kTlsConnectionsPerTurn) return false;
    ++starts_;
    if (connects) ++new_connections_;
    return true;
}

void Transfer::start(Lane& lane) {
    starting_.push_back(&lane);
    start_waiting();
    watch_rate();
}

void Transfer::watch_rate() {
    Scheduler& scheduler = Scheduler::current();
    if (!rate_watch_.armed()) scheduler.arm(rate_watch_, scheduler.now() + settings_.slow_period);
}

void Transfer::RateWatch::fire(Timer& timer) { static_cast<RateWatch&>(timer).transfer.end_slow(); }

void Transfer::end_slow() {
    bool any_left = false;
    for (const auto& lane : lanes_) {
        if (!lane->running) continue;
        if (lane->too_slow(settings_.slow_period)) lane->give_up_slow();
        any_left |= lane->running;
    }
    if (any_left) watch_rate();
}

void Transfer::start_waiting() {
    while (!starting_.empty()) {
        if (!may_start()) {
            wake_at(Instant{});
            return;
        }
        Lane& lane = *starting_.front();
        starting_.pop_front();
        lane.added = driver_.add(lane.easy());
        if (lane.added) {
            ++active_;
        } else {
            lane.abort(CURLE_OUT_OF_MEMORY);
        }
    }
}

/// In the next turn at the earliest.
void Transfer::wake_at(Instant time) {
    Scheduler& scheduler = Scheduler::current();
    const Instant due = std::max(time, scheduler.now() + Duration(1));
    if (!pace_.armed() || due < pace_due_) {
        pace_due_ = due;
        scheduler.arm(pace_, due);
    }
}

void Transfer::Pace::fire(Timer& timer) {
    Transfer& transfer = static_cast<Pace&>(timer).transfer;
    transfer.resume_paused();
    transfer.start_waiting();
}

void Transfer::resume_paused() {
    std::vector<Lane*> lanes;
    lanes.swap(paused_);
    for (Lane* lane : lanes) {
        if (!lane->paused) continue;
        if (lane->resume_at > Scheduler::current().now()) {
            lane_paused(*lane);
            continue;
        }
        lane->paused = false;
        driver_.resume(lane->easy());
    }
}

void Transfer::lane_paused(Lane& lane) {
    lane.paused = true;
    paused_.push_back(&lane);
    wake_at(lane.resume_at);
}

void Transfer::lane_ended(Lane& lane) {
    if (lane.added) {
        driver_.remove(lane.easy());
        lane.added = false;
        --active_;
    }
    // A lane that times out while paused is not to be resumed: it may carry another request then.
    lane.paused = false;
    std::erase(paused_, &lane);
    std::erase(starting_, &lane);
    lane.done.wake_all();
}

curl_socket_t Transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return fd;
    Transfer& transfer = *static_cast<Transfer*>(self);
    ++transfer.open_sockets_;
    const std::optional<uint8_t> tos = transfer.settings_.ip_tos;
    if (tos) set_type_of_service(fd, address->family, *tos);
    return fd;
}

int Transfer::on_close(void* self, curl_socket_t socket) {
    --static_cast<Transfer*>(self)->open_sockets_;
    return close(socket);
}

Result<HttpReply> Transfer::outcome(Lane& lane, Method method) {
    if (lane.code() == CURLE_OK) return lane.take_reply();
    if (lane.code() == CURLE_ABORTED_BY_CALLBACK) {  // by cancel_all() or Exchange::cancel()
        return Error(Errc::Cancelled, cancelled_ ? "shutting down" : "given up");
    }
    const Error error = failure(lane, method);
    log::debug("transfer failed", log::kv("error", error), log::kv("curl", lane.error_text()));
    return error;
}

Error Transfer::failure(const Lane& lane, Method method) {
    const Error error = cause(lane);
    // libcurl repeats a request by itself when a kept connection breaks: what counts is whether
    // the request has ever gone out, not how the last connection failed.
    const bool changes = method != Method::Get && method != Method::Head;
    if (changes && lane.sent_whole()) return {Errc::OutcomeUnknown, "sent, but no answer came"};
    return error;
}

Error Transfer::cause(const Lane& lane) {
    switch (lane.code()) {
        case CURLE_OPERATION_TIMEDOUT:
            ++counters_.timeouts;
            if (lane.refusal() == Lane::Refusal::TooSlow) {
                return {Errc::Timeout, "the transfer is too slow"};
            }
            return {Errc::Timeout, "no answer in time"};
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            ++counters_.host_unknown;
            return {Errc::Unreachable, "unknown host"};
        case CURLE_COULDNT_CONNECT:
            ++counters_.connect_failed;
            return {Errc::Unreachable, "cannot connect"};
        case CURLE_OUT_OF_MEMORY:
            ++counters_.out_of_memory;
            return {Errc::Io, "out of memory", ENOMEM};
        default: break;
    }
    ++counters_.other_transfer_error;
    if (lane.refusal() == Lane::Refusal::BodyTooLong) return {Errc::BadReply, "answer too long"};
    if (lane.refusal() == Lane::Refusal::BadHeaders) return {Errc::BadReply, "too many headers"};
    switch (lane.code()) {
        case CURLE_PEER_FAILED_VERIFICATION:
            return {Errc::Unreachable, "the server's certificate is not trusted"};
        case CURLE_SSL_CONNECT_ERROR: return {Errc::Unreachable, "TLS handshake failed"};
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY: return {Errc::BadReply, "no HTTP answer"};
        default: return {Errc::ServerError, "the connection broke"};
    }
}

}  // namespace s3b::net
