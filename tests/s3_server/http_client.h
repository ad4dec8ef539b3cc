// SPDX-License-Identifier: Apache-2.0
// One HTTP request to a server on 127.0.0.1, for the tests of the whole server. Blocking.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace s3b::test {

// The whole answer as text, status line and headers included; empty when there was none.
// `headers`: lines that end in "\r\n". Host is "localhost" unless they say another one.
std::string http_request(uint16_t port, std::string_view method, std::string_view target,
                         std::string_view headers = {}, std::string_view body = {});

// 0 when there is none.
unsigned http_status(std::string_view answer);

}  // namespace s3b::test
