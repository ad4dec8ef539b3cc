// SPDX-License-Identifier: Apache-2.0
// What an S3 answer means: status to error, and the hints of a redirect.
// Source: wire-format.md 3.1, 3.2, 12.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "net/http.h"
#include "net/store_counters.h"

namespace s3b::net {

/// The error that `status` stands for; nullopt if it is a success: any 2xx, and 404 for DELETE.
/// `may_be_unchanged`: the request carried If-None-Match. A redirect is always an error.
std::optional<Error> classify(Method method, int status, bool may_be_unchanged);

/// Adds one failed attempt of `status` to the counters of its kind.
void count_status(StoreCounters& counters, int status);

/// The text of the first `<tag>…</tag>` in an S3 error document; empty if there is none. At most
/// kMaxTagText bytes, control characters replaced: it is for log lines.
std::string error_tag(std::string_view document, std::string_view tag);
inline constexpr size_t kMaxTagText = 200;

/// What to change after a redirect: the options with the region or the endpoint that the answer
/// names, in words.
std::string redirect_hint(const HttpReply& reply);

}  // namespace s3b::net
