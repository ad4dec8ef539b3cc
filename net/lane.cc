// SPDX-License-Identifier: Apache-2.0
#include "net/lane.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "net/proxy.h"

namespace s3b::net {

namespace {

constexpr uint64_t kReceiveBuffer = 128 * 1024;
constexpr uint64_t kSendBuffer = 256 * 1024;
constexpr uint64_t kSmallBuffer = 16 * 1024;  // the smallest that libcurl accepts for sending
constexpr long kKeepAliveIdleSeconds = 200;
constexpr long kKeepAliveIntervalSeconds = 60;

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

/// A limited transfer moves what the buffer holds and then rests: an eighth of a second's worth is
/// enough.
long buffer_size(uint64_t full, ByteCount speed) {
    const bool limited = speed.value != 0;
    return static_cast<long>(limited ? std::clamp(speed.value / 8, kSmallBuffer, full) : full);
}

bool is_slow(ByteCount speed) { return speed.value != 0 && speed.value < Lane::kSlowestLimit; }

}  // namespace

Lane::Lane(Owner& owner, const LaneSettings& settings, unsigned number)
    : owner_(owner),
      settings_(settings),
      easy_(curl_easy_init()),
      slice_limit_(settings.tls ? kTlsSliceBytes : kSliceBytes),
      may_send_slowly_(is_slow(settings.upload_speed)),
      may_receive_slowly_(is_slow(settings.download_speed)),
      log_(number) {
    CHECK(easy_ != nullptr);
    set_once(settings);
}

Lane::~Lane() {
    CHECK(!running);
    curl_easy_cleanup(easy_);
}

void Lane::set_once(const LaneSettings& settings) {
    set(easy_, CURLOPT_PRIVATE, static_cast<CurlDriver::Listener*>(this));
    set(easy_, CURLOPT_ERRORBUFFER, error_text_);
    set(easy_, CURLOPT_NOSIGNAL, 1L);
    set(easy_, CURLOPT_QUICK_EXIT, 1L);  // else a silent name server blocks the reactor
    set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy_, CURLOPT_PATH_AS_IS, 1L);  // the signature covers the path as we build it
    set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(easy_, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    set(easy_, CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
    set(easy_, CURLOPT_TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
    set(easy_, CURLOPT_USERAGENT, settings.user_agent.c_str());
    set(easy_, CURLOPT_PROXY, settings.proxy.c_str());
    set(easy_, CURLOPT_NOPROXY, "");  // else libcurl looks into the environment each time
    set(easy_, CURLOPT_WRITEFUNCTION, &Lane::on_body);
    set(easy_, CURLOPT_WRITEDATA, this);
    set(easy_, CURLOPT_HEADERFUNCTION, &Lane::on_header);
    set(easy_, CURLOPT_HEADERDATA, this);
    set(easy_, CURLOPT_OPENSOCKETFUNCTION, settings.on_open);
    set(easy_, CURLOPT_OPENSOCKETDATA, settings.socket_owner);
    set(easy_, CURLOPT_CLOSESOCKETFUNCTION, settings.on_close);
    set(easy_, CURLOPT_CLOSESOCKETDATA, settings.socket_owner);
    set(easy_, CURLOPT_FRESH_CONNECT, settings.fresh_connections ? 1L : 0L);
    set(easy_, CURLOPT_FORBID_REUSE, settings.fresh_connections ? 1L : 0L);
    set_speed(settings);
    if (settings.debug_http) {
        set(easy_, CURLOPT_DEBUGFUNCTION, &HttpLog::on_debug);
        set(easy_, CURLOPT_DEBUGDATA, &log_);
        set(easy_, CURLOPT_VERBOSE, 1L);
    }
    if (settings.tls) set_tls(settings);
}

void Lane::set_speed(const LaneSettings& settings) {
    set(easy_, CURLOPT_BUFFERSIZE, buffer_size(kReceiveBuffer, settings.download_speed));
    set(easy_, CURLOPT_UPLOAD_BUFFERSIZE, buffer_size(kSendBuffer, settings.upload_speed));
    set(easy_, CURLOPT_MAX_SEND_SPEED_LARGE, static_cast<curl_off_t>(settings.upload_speed.value));
}

void Lane::set_tls(const LaneSettings& settings) {
    // A CAPATH, which some builds have by default, makes libcurl read the bundle anew for every
    // connection: some 20 ms each. All connections share one store instead.
    set(easy_, CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(easy_, CURLOPT_SSL_VERIFYPEER, settings.insecure ? 0L : 1L);
    set(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
    if (settings.trusted == nullptr) return;
    set(easy_, CURLOPT_SSL_CTX_FUNCTION, &Lane::on_tls_context);
    set(easy_, CURLOPT_SSL_CTX_DATA, settings.trusted);
}

CURLcode Lane::on_tls_context(CURL*, void* context, void* trusted) {
    SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(trusted));
    return CURLE_OK;
}

void Lane::prepare(const HttpRequest& request) {
    DCHECK(!running);
    request_ = &request;
    reply_ = HttpReply();
    code_ = CURLE_OK;
    refusal_ = Refusal::None;
    slice_ = 0;
    body_begun_ = false;
    error_bytes_ = 0;
    last_progress_ = Progress();
    log_.begin();
    error_text_[0] = '\0';
    paused = false;
    running = true;
    set(easy_, CURLOPT_URL, request.url.c_str());
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(request.timeout).count();
    set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(ms));
    set_way(request);
    set_method(request);
    set_headers(request);
}

void Lane::set_way(const HttpRequest& request) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(request.connect_timeout).count();
    set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(ms));
    if (settings_.proxy.empty()) return;
    const bool direct = request.direct || is_link_local(request.url);
    set(easy_, CURLOPT_NOPROXY, direct ? "*" : settings_.no_proxy.c_str());
}

void Lane::set_method(const HttpRequest& request) {
    set(easy_, CURLOPT_HTTPGET, 1L);  // undoes whatever the last request was
    const char* name = nullptr;
    switch (request.method) {
        case Method::Get: break;
        case Method::Head: set(easy_, CURLOPT_NOBODY, 1L); break;
        case Method::Delete: name = "DELETE"; break;
        case Method::Put:
            name = "PUT";
            set_body(request.body);
            break;
        case Method::Post: set_body(request.body); break;
    }
    set(easy_, CURLOPT_CUSTOMREQUEST, name);
}

void Lane::set_body(std::span<const std::byte> body) {
    // POSTFIELDS: sent from the caller's memory, small bodies together with the headers.
    set(easy_, CURLOPT_POST, 1L);
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(easy_, CURLOPT_POSTFIELDS, body.empty() ? "" : reinterpret_cast<const char*>(body.data()));
}

void Lane::set_headers(const HttpRequest& request) {
    // An empty value takes out what libcurl would add. Expect would cost a round trip, or a second.
    // A body without a type of its own would get that of a form. Values of our own are sent.
    constexpr const char* kRemoved[] = {"Expect:", "Accept:", "Content-Type:"};
    const size_t count = request.headers.size() + std::size(kRemoved);
    if (lines_.size() < count) lines_.resize(count);
    nodes_.resize(count);
    for (size_t i = 0; i < count; ++i) {
        std::string& line = lines_[i];
        if (i < request.headers.size()) {
            line = request.headers[i].name;
            line += ": ";
            line += request.headers[i].value;
        } else {
            line = kRemoved[i - request.headers.size()];
        }
        nodes_[i].data = line.data();
        nodes_[i].next = i + 1 < count ? &nodes_[i + 1] : nullptr;
    }
    set(easy_, CURLOPT_HTTPHEADER, nodes_.data());
}

void Lane::ended(CURLcode code) {
    code_ = code;
    running = false;
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    reply_.encoded = status / 100 == 2 && takes_encoded();
    owner_.lane_ended(*this);
}

void Lane::abort(CURLcode code) {
    if (running) ended(code);
}

Lane::Progress Lane::progress() const {
    const uint64_t received = reply_.received.value + error_bytes_;
    if (received > 0) return {Phase::Receiving, received};
    long head = 0;
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &head);
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (head > 0 && static_cast<uint64_t>(sent) < request_->body.size()) {
        return {Phase::Sending, static_cast<uint64_t>(sent)};
    }
    return {};
}

bool Lane::too_slow(Duration period) {
    const Progress before = std::exchange(last_progress_, paused ? Progress() : progress());
    const Progress& now = last_progress_;
    if (now.phase != before.phase || now.phase == Phase::Waiting) return false;
    if (now.phase == Phase::Sending ? may_send_slowly_ : may_receive_slowly_) return false;
    const double seconds = std::chrono::duration<double>(period).count();
    return static_cast<double>(now.bytes - before.bytes) <
           seconds * static_cast<double>(kLeastRate);
}

void Lane::give_up_slow() {
    refusal_ = Refusal::TooSlow;
    abort(CURLE_OPERATION_TIMEDOUT);
}

bool Lane::sent_whole() const {
    long head = 0;
    curl_off_t body = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &head);
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &body);
    return head > 0 && static_cast<size_t>(body) >= request_->body.size();
}

size_t Lane::on_header(char* data, size_t one, size_t size, void* lane) {
    Lane& self = *static_cast<Lane*>(lane);
    const std::string_view line(data, one * size);
    ReplyHeaders& headers = self.reply_.headers;
    // The body has gone where the headers before it said: nothing behind it may say otherwise.
    if (self.body_begun_ ? headers.skip_line(line) : headers.add_line(line)) return line.size();
    self.refusal_ = Refusal::BadHeaders;
    return 0;
}

size_t Lane::on_body(char* data, size_t one, size_t size, void* lane) {
    Lane& self = *static_cast<Lane*>(lane);
    const auto bytes = std::as_bytes(std::span(data, one * size));
    const Instant turn = Scheduler::current().now();
    if (turn != self.slice_turn_) {
        self.slice_turn_ = turn;
        self.slice_ = 0;
    }
    self.begin_body();
    self.resume_at = self.next_read();
    if (self.slice_ >= self.slice_limit_ || self.resume_at > turn) {
        self.owner_.lane_paused(self);
        return CURL_WRITEFUNC_PAUSE;
    }
    self.slice_ += bytes.size();
    long status = 0;
    curl_easy_getinfo(self.easy_, CURLINFO_RESPONSE_CODE, &status);
    const bool success = status >= 200 && status < 300;
    const size_t taken = success ? self.take_body(bytes) : self.take_error_body(bytes);
    if (taken != bytes.size()) self.refusal_ = Refusal::BodyTooLong;
    return taken;
}

void Lane::begin_body() {
    if (std::exchange(body_begun_, true)) return;
    body_begin_ = Scheduler::current().now();
}

/// When more of a body may be taken, to keep to the download speed. Ours and not libcurl's limit:
/// 7.88 looks at the speed between two of its calls only, and may never look again at a transfer
/// that has its last bytes while it is paused and limited.
Instant Lane::next_read() const {
    if (settings_.download_speed.value == 0) return body_begin_;
    const std::chrono::duration<double> time(static_cast<double>(reply_.received.value) /
                                             static_cast<double>(settings_.download_speed.value));
    return body_begin_ + std::chrono::duration_cast<Duration>(time);
}

/// Which memory the body of a success is for. Once a body has begun this does not change.
bool Lane::takes_encoded() const {
    if (request_->document != nullptr || request_->encoded_into.empty()) return false;
    return request_->encoded_without_header || !reply_.headers.meta.content_encoding.empty();
}

size_t Lane::take_body(std::span<const std::byte> data) {
    const bool wanted = request_->method == Method::Get || request_->method == Method::Post ||
                        !request_->into.empty();
    if (!wanted) return take_error_body(data);
    std::string* const document = request_->document;
    const std::span<std::byte> into = takes_encoded() ? request_->encoded_into : request_->into;
    const size_t limit = document != nullptr ? request_->document_limit : into.size();
    const size_t received = reply_.received.value;
    const uint64_t announced = reply_.headers.content_length.value_or(ByteCount(0)).value;
    if (announced > limit || data.size() > limit - received) return 0;
    if (document == nullptr) {
        std::memcpy(into.data() + received, data.data(), data.size());
    } else {
        if (received == 0) document->reserve(document->size() + announced);
        document->append(reinterpret_cast<const char*>(data.data()), data.size());
    }
    reply_.received = ByteCount(received + data.size());
    return data.size();
}

size_t Lane::take_error_body(std::span<const std::byte> data) {
    error_bytes_ += data.size();
    if (error_bytes_ > kMaxErrorBody) return 0;
    const size_t wanted = std::min(data.size(), kKeptErrorBody - reply_.error_body.size());
    reply_.error_body.append(reinterpret_cast<const char*>(data.data()), wanted);
    return data.size();
}

}  // namespace s3b::net
