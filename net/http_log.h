// SPDX-License-Identifier: Apache-2.0
// Requests and answers in the log (--debug-http): their header lines and what libcurl says about
// connections, of bodies the sizes only, and nothing that would let a reader act in our name.
// Source: command-line.md 2.8.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

namespace s3b::net {

/// `line` as it may be logged. Hidden are the values of headers that are secrets: Authorization and
/// Proxy-Authorization (but for the scheme and the credential's scope), session tokens, customer's
/// keys, the instance metadata token, cookies; in URLs what signs a query, and a password. At most
/// kMaxLoggedLine bytes.
std::string redacted(std::string_view line);
inline constexpr size_t kMaxLoggedLine = 1024;

/// What one lane logs. It writes in any case: give it to libcurl only if that is wanted.
class HttpLog {
public:
    /// `lane` tells exchanges apart that are under way at the same time.
    explicit HttpLog(unsigned lane) : lane_(lane) {}

    /// Forgets an exchange that was cut off.
    void begin() { within_line_ = false; }
    /// Logs one piece of what libcurl reports.
    void take(curl_infotype type, std::string_view data);
    /// CURLOPT_DEBUGFUNCTION; `log` is an HttpLog.
    static int on_debug(CURL* easy, curl_infotype type, char* data, size_t size, void* log);

private:
    void take_lines(const char* text, std::string_view data);

    unsigned lane_;
    bool within_line_ = false;  // the last piece of a request ended in the middle of a line
};

}  // namespace s3b::net
