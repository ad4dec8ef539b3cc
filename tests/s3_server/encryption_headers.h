// SPDX-License-Identifier: Apache-2.0
// The headers of server-side encryption: what is checked in requests, what is kept with an object
// and given back. Nothing is encrypted; a customer's key is neither stored nor shown.
#pragma once

#include <optional>
#include <string_view>

#include "tests/s3_server/http_message.h"

namespace s3b::test {

// Whether the header, in lower case, is kept with an object.
bool is_kept_encryption_header(std::string_view name);
// Those among an object's headers.
HeaderList encryption_headers(const HeaderList& kept);
// Of aws:kms and of a customer's key the ETag is not the MD5 of the body.
bool has_opaque_etag(const HeaderList& kept);

// An error answer when the headers of a PUT contradict each other or the key its MD5.
std::optional<Answer> check_put_encryption(const Request& request);
// An error answer when a GET or HEAD does not carry the key the object was stored with, or one
// although there was none.
std::optional<Answer> check_get_encryption(const Request& request, const HeaderList& kept);

}  // namespace s3b::test
