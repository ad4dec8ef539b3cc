// SPDX-License-Identifier: Apache-2.0
#include "net/curl_driver.h"

#include <poll.h>

#include <cerrno>

#include "engine/base/check.h"
#include "engine/base/log.h"

namespace s3b::net {

namespace {

uint32_t poll_events(int what) {
    switch (what) {
        case CURL_POLL_IN: return POLLIN;
        case CURL_POLL_OUT: return POLLOUT;
        case CURL_POLL_INOUT: return POLLIN | POLLOUT;
        default: return 0;
    }
}

int curl_events(int32_t result) {
    if (result < 0) return CURL_CSELECT_ERR;
    int events = 0;
    if ((result & (POLLIN | POLLHUP)) != 0) events |= CURL_CSELECT_IN;
    if ((result & POLLOUT) != 0) events |= CURL_CSELECT_OUT;
    if ((result & (POLLERR | POLLNVAL)) != 0) events |= CURL_CSELECT_ERR;
    return events;
}

CurlDriver::Listener& listener_of(CURL* easy) {
    CurlDriver::Listener* listener = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &listener);
    return *listener;
}

}  // namespace

CurlDriver::CurlDriver(Ring& ring, unsigned connections) : ring_(ring), multi_(curl_multi_init()) {
    CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlDriver::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlDriver::on_timeout);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

CurlDriver::~CurlDriver() {
    curl_multi_cleanup(multi_);
    Scheduler::current().disarm(timeout_);
    for (const auto& watch : watches_) {
        if (!watch->detached) detach(*watch);
    }
    while (spare_.size() < watches_.size()) ring_.enter(Scheduler::current().now(), kNever);
}

bool CurlDriver::add(CURL* easy) { return curl_multi_add_handle(multi_, easy) == CURLM_OK; }

void CurlDriver::remove(CURL* easy) { CHECK(curl_multi_remove_handle(multi_, easy) == CURLM_OK); }

void CurlDriver::resume(CURL* easy) {
    // What libcurl had kept back is delivered here. If we refuse it, libcurl says so in no other
    // way, and would wait for the peer for ever.
    const CURLcode code = curl_easy_pause(easy, CURLPAUSE_CONT);
    if (code != CURLE_OK) listener_of(easy).ended(code);
    collect_ended();
}

CurlDriver::Watch& CurlDriver::new_watch(curl_socket_t socket) {
    if (spare_.empty()) {
        watches_.push_back(std::make_unique<Watch>(*this));
        spare_.push_back(watches_.back().get());
    }
    Watch& watch = *spare_.back();
    spare_.pop_back();
    watch.socket = socket;
    watch.wanted = 0;
    watch.detached = false;
    return watch;
}

void CurlDriver::want(Watch& watch, uint32_t events) {
    watch.wanted = events;
    if (watch.acting) return;  // armed once libcurl has finished
    if (watch.armed != 0) {
        if (watch.armed != events) ring_.cancel(watch);  // its completion arms anew
        return;
    }
    if (events == 0) return;
    watch.armed = events;
    ring_.poll(watch.socket, events, watch);
}

void CurlDriver::detach(Watch& watch) {
    watch.detached = true;
    watch.wanted = 0;
    // An armed poll pins the socket: without the cancel the peer would not see it closed.
    if (watch.armed != 0) {
        ring_.cancel(watch);
    } else if (!watch.acting) {
        spare_.push_back(&watch);
    }
}

int CurlDriver::on_socket(CURL*, curl_socket_t socket, int what, void* driver, void* known) {
    CurlDriver& self = *static_cast<CurlDriver*>(driver);
    Watch* watch = static_cast<Watch*>(known);
    if (what == CURL_POLL_REMOVE) {
        if (watch == nullptr) return 0;
        curl_multi_assign(self.multi_, socket, nullptr);
        self.detach(*watch);
        return 0;
    }
    if (watch == nullptr) {
        watch = &self.new_watch(socket);
        curl_multi_assign(self.multi_, socket, watch);
    }
    self.want(*watch, poll_events(what));
    return 0;
}

void CurlDriver::Watch::complete(int32_t result) {
    armed = 0;
    if (detached) {
        driver.spare_.push_back(this);
        return;
    }
    if (result != -ECANCELED) {
        acting = true;
        driver.act(socket, curl_events(result));
        acting = false;
    }
    if (detached) {
        driver.spare_.push_back(this);
    } else {
        driver.want(*this, wanted);
    }
}

int CurlDriver::on_timeout(CURLM*, long timeout_ms, void* driver) {
    CurlDriver& self = *static_cast<CurlDriver*>(driver);
    Scheduler& scheduler = Scheduler::current();
    if (timeout_ms < 0) {
        scheduler.disarm(self.timeout_);
        return 0;
    }
    // One nanosecond is later than this turn: libcurl must not be called from its own callback.
    const Duration delay = std::max<Duration>(std::chrono::milliseconds(timeout_ms), Duration(1));
    scheduler.arm(self.timeout_, scheduler.now() + delay);
    return 0;
}

void CurlDriver::Timeout::fire(Timer& timer) {
    static_cast<Timeout&>(timer).driver.act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlDriver::act(curl_socket_t socket, int events) {
    int running = 0;
    const CURLMcode code = curl_multi_socket_action(multi_, socket, events, &running);
    if (code != CURLM_OK) {
        log::error("libcurl failed, its transfers may time out",
                   log::kv("reason", curl_multi_strerror(code)));
    }
    collect_ended();
}

void CurlDriver::collect_ended() {
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        listener_of(message->easy_handle).ended(code);
    }
}

}  // namespace s3b::net
