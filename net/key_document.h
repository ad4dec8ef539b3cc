// SPDX-License-Identifier: Apache-2.0
// Access keys as services and programs write them down. Pure.
// Source: wire-format.md 2.8; the AWS documentation of container and process credentials and of
// AssumeRoleWithWebIdentity.
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "net/credentials.h"

namespace s3b::net {

/// The names of a JSON object's members differ a little from service to service.
struct KeyDocumentForm {
    const char* token = "Token";
    bool token_required = true;
    bool version_1 = false;  // the member "Version" must be 1
};

/// AccessKeyId, SecretAccessKey, the token, and Expiration if it is there. Errors: BadReply (not a
/// JSON object, unreadable values), InvalidArgument (a member is missing, empty or no text),
/// Unsupported (another version).
Result<AccessKeys> parse_key_document(std::string_view json, const KeyDocumentForm& form);

/// The answer of AssumeRoleWithWebIdentity. Errors: BadReply (not such a document, or one with a
/// document type, which could declare entities), InvalidArgument (a member is missing).
Result<AccessKeys> parse_sts_answer(std::string_view xml);

/// Whether `text` may stand in an HTTP header: printable ASCII without blanks.
bool is_header_safe(std::string_view text);

}  // namespace s3b::net
