// SPDX-License-Identifier: Apache-2.0
#include "tests/net/key_service.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

#include "engine/base/check.h"

namespace s3b::net {

namespace {

MHD_Result note_header(void* headers, MHD_ValueKind, const char* name, const char* value) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    (*static_cast<std::map<std::string, std::string>*>(headers))[lower] =
        value == nullptr ? "" : value;
    return MHD_YES;
}

}  // namespace

KeyService::KeyService() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    daemon_ =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, nullptr, nullptr,
                         &KeyService::on_request, this, MHD_OPTION_SOCK_ADDR, &address,
                         MHD_OPTION_NOTIFY_COMPLETED, &KeyService::on_end, nullptr, MHD_OPTION_END);
    CHECK(daemon_ != nullptr);
    port_ = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port;
}

KeyService::~KeyService() { MHD_stop_daemon(daemon_); }

void KeyService::answer(const std::string& line, std::deque<Answer> answers) {
    const std::lock_guard lock(mutex_);
    answers_[line] = std::move(answers);
}

std::vector<KeyService::Request> KeyService::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

MHD_Result KeyService::on_request(void* self, MHD_Connection* connection, const char* url,
                                  const char* method, const char*, const char* data, size_t* size,
                                  void** request) {
    if (*request == nullptr) {  // the head; the body follows
        auto made = std::make_unique<Request>();
        made->line = std::string(method) + " " + url;
        MHD_get_connection_values(connection, MHD_HEADER_KIND, &note_header, &made->headers);
        *request = made.release();
        return MHD_YES;
    }
    auto& seen = *static_cast<Request*>(*request);
    if (*size > 0) {
        seen.body.append(data, *size);
        *size = 0;
        return MHD_YES;
    }
    return static_cast<KeyService*>(self)->reply(connection, seen);
}

void KeyService::on_end(void*, MHD_Connection*, void** request, MHD_RequestTerminationCode) {
    const std::unique_ptr<Request> ended(static_cast<Request*>(*request));
}

MHD_Result KeyService::reply(MHD_Connection* connection, Request request) {
    Answer answer{404, ""};
    {
        const std::lock_guard lock(mutex_);
        auto& answers = answers_[request.line];
        if (!answers.empty()) answer = answers.front();
        if (answers.size() > 1) answers.pop_front();
        requests_.push_back(std::move(request));
    }
    if (answer.status == 0) return MHD_NO;
    MHD_Response* response = MHD_create_response_from_buffer(answer.body.size(), answer.body.data(),
                                                             MHD_RESPMEM_MUST_COPY);
    const MHD_Result queued = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return queued;
}

}  // namespace s3b::net
