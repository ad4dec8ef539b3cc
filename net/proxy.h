// SPDX-License-Identifier: Apache-2.0
// What the environment says about HTTP proxies, looked up once instead of by libcurl for every
// request.
#pragma once

#include <string>
#include <string_view>

namespace s3b::net {

/// The proxy for https or http; empty = none. The upper-case HTTP_PROXY does not count: a CGI
/// server sets it from a request's header.
std::string proxy_from_environment(bool tls);

/// The hosts that are asked directly, of no_proxy, as CURLOPT_NOPROXY takes them.
std::string hosts_without_proxy();

/// Whether the host in `url` is an address that has a meaning on this link or machine only: of
/// 169.254.0.0/16 or fe80::/10, or the IPv6 address of the instance metadata (fd00:ec2::254), where
/// credentials come from. No proxy can ask these for us. (libcurl 7.88 knows no IPv6 networks.)
bool is_link_local(std::string_view url);

}  // namespace s3b::net
