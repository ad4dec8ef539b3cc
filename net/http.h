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
    std::span<std::byte> into;        // GET only: where a 2xx body goes, and its greatest length
    /// GET and POST: a 2xx body is appended here instead, up to `document_limit` bytes in all.
    std::string* document = nullptr;
    size_t document_limit = 0;
    Duration timeout{};  // for the whole exchange; 0 = no limit

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
