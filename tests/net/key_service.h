// SPDX-License-Identifier: Apache-2.0
// An HTTP service that gives out what a test wants, and remembers how it was asked.
#pragma once

#include <microhttpd.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace s3b::net {

/// On 127.0.0.1, in a thread of its own. Thread-safe.
class KeyService {
public:
    struct Answer {
        unsigned status = 200;
        std::string body;
    };
    struct Request {
        std::string line;                            // "GET /path"
        std::map<std::string, std::string> headers;  // names in lower case
        std::string body;
    };

    KeyService();
    ~KeyService();
    KeyService(const KeyService&) = delete;
    KeyService& operator=(const KeyService&) = delete;

    /// http://127.0.0.1:PORT
    std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// Answers `line` with `answers`, one after the other; the last one stays. Status 0: closes the
    /// connection. What is not mentioned is answered with status 404.
    void answer(const std::string& line, std::deque<Answer> answers);
    /// All requests so far.
    std::vector<Request> requests() const;

private:
    static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char* data,
                                 size_t* size, void** request);
    static void on_end(void* self, MHD_Connection* connection, void** request,
                       MHD_RequestTerminationCode code);
    MHD_Result reply(MHD_Connection* connection, Request request);

    mutable std::mutex mutex_;
    std::map<std::string, std::deque<Answer>> answers_;
    std::vector<Request> requests_;
    MHD_Daemon* daemon_;
    int port_;
};

}  // namespace s3b::net
