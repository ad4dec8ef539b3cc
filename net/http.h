// SPDX-License-Identifier: Apache-2.0
// One HTTP exchange as plain values: what s3_request makes, transfer sends and s3_reply reads.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/base/types.h"
#include "net/reply_headers.h"

namespace s3b::net {

enum class Method { Get, Head, Put, Delete, Post };

/// The name of `method` as in a request line.
constexpr const char* to_string(Method method) {
    switch (method) {
        case Method::Get: return "GET";
        case Method::Head: return "HEAD";
        case Method::Put: return "PUT";
        case Method::Delete: return "DELETE";
        case Method::Post: return "POST";
    }
    return "?";
}

/// A request header of our own.
struct Header {
    std::string name;
    std::string value;

    Header(std::string n, std::string v) : name(std::move(n)), value(std::move(v)) {}
};

/// A request. The spans must stay valid until its exchange has ended.
struct HttpRequest {
    Method method = Method::Get;
    std::string url;
    std::vector<Header> headers;
    std::span<const std::byte> body;  // PUT and POST only
    /// GET and POST: where a 2xx body goes, and its greatest length. Empty with PUT: not wanted.
    std::span<std::byte> into;
    Duration timeout{};          // for the whole exchange; 0 = no limit
    Duration connect_timeout{};  // for reaching the server; 0 = libcurl's, 5 minutes
    bool direct = false;         // never through a proxy

    HttpRequest() = default;
};

/// A complete answer of any status.
struct HttpReply {
    int status = 0;
    ByteCount received;  // bytes of a 2xx body, written to the start of `into`
    ReplyHeaders headers;
    std::string error_body;  // the start of the body of any other status

    HttpReply() = default;
};

}  // namespace s3b::net
