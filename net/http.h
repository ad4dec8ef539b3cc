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

enum class Method { Get, Head, Put, Post, Delete };

/// The name of `method` as in a request line.
constexpr const char* to_string(Method method) {
    switch (method) {
        case Method::Get: return "GET";
        case Method::Head: return "HEAD";
        case Method::Put: return "PUT";
        case Method::Post: return "POST";
        case Method::Delete: return "DELETE";
    }
    return "?";
}

/// A request header of our own.
struct Header {
    std::string name;
    std::string value;

    Header(std::string n, std::string v) : name(std::move(n)), value(std::move(v)) {}
};

/// A request. What it points to must stay valid until its exchange has ended.
struct HttpRequest {
    Method method = Method::Get;
    std::string url;
    std::vector<Header> headers;
    std::span<const std::byte> body;  // PUT and POST
    // GET and POST, and PUT if not empty: where a 2xx body goes, and its greatest length. If there
    // is a `document`, the body is appended to it instead; after a failure it may hold a part.
    std::span<std::byte> into;
    // The same for a body with a Content-Encoding; empty: `into` takes it, too.
    std::span<std::byte> encoded_into;
    bool encoded_without_header = false;  // a body without a Content-Encoding has one, too
    std::string* document = nullptr;
    size_t document_limit = 0;
    Duration timeout{};          // for the whole exchange; 0 = no limit
    Duration connect_timeout{};  // for reaching the server; 0 = libcurl's, 5 minutes
    bool direct = false;         // never through a proxy

    HttpRequest() = default;
};

/// A complete answer of any status.
struct HttpReply {
    int status = 0;
    // Bytes of a 2xx body: at the start of `encoded_into` if `encoded`, else of `into`, or at the
    // end of `document`.
    ByteCount received;
    bool encoded = false;
    ReplyHeaders headers;
    // The start (Lane::kKeptErrorBody) of a body that goes nowhere else: of any other status, and
    // of a 2xx to PUT and DELETE, where S3 may say that it failed after all.
    std::string error_body;

    HttpReply() = default;
};

}  // namespace s3b::net
