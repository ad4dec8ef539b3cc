// SPDX-License-Identifier: Apache-2.0
// What an S3 answer means: status and code to error, and the hints of a redirect. Pure.
// Source: wire-format.md 3.1, 3.2, 12; the codes are those of S3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "net/http.h"
#include "net/s3_documents.h"
#include "net/store_counters.h"

namespace s3b::net {

/// The error that `status` and the error document that came with it stand for; nullopt if it is a
/// success: any 2xx, and 404 for DELETE. `may_be_unchanged`: the request carried If-None-Match. A
/// redirect is always an error. For POST, Unsupported: the store does not know bulk delete.
std::optional<Error> classify(Method method, int status, bool may_be_unchanged,
                              const ErrorDocument& document = ErrorDocument());

/// The error that a document of status 200 stands for: as if it had come with its own status.
Error error_of(Method method, const ErrorDocument& document);

/// The keys that we sign with are of no use (any more): others may be. Comes with 400 and 403.
bool says_expired_keys(std::string_view code);
/// Our clock or the store's is wrong, or the request has been under way for too long.
bool says_clock_skew(const ErrorDocument& document);
/// We ask for too much in too short a time.
bool says_slow_down(int status, const ErrorDocument& document);

/// Adds one failed attempt of `status` to the counters of its kind.
void count_status(StoreCounters& counters, int status);

/// What to change after Errc::Redirected: the options with the region or the endpoint that the
/// answer names, in words.
std::string redirect_hint(const HttpReply& reply);

}  // namespace s3b::net
