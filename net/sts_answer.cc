// SPDX-License-Identifier: Apache-2.0
// The answer of AssumeRoleWithWebIdentity, which is XML.
#include "net/key_document.h"
#include "net/timestamp.h"
#include "net/xml.h"

namespace s3b::net {

namespace {

constexpr std::string_view kCredentials =
    "/AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/";

Result<AccessKeys> complete(AccessKeys keys, std::string_view expiration) {
    if (keys.id.empty() || keys.secret.empty() || keys.session_token.empty()) {
        return Error(Errc::InvalidArgument, "the answer lacks a part of the credentials");
    }
    if (!is_header_safe(keys.id) || !is_header_safe(keys.session_token)) {
        return Error(Errc::BadReply, "the keys have characters that no key has");
    }
    keys.expires = parse_timestamp(expiration);
    if (!keys.expires) return Error(Errc::BadReply, "Expiration is no time");
    return keys;
}

}  // namespace

Result<AccessKeys> parse_sts_answer(std::string_view xml) {
    AccessKeys keys;
    std::string expiration;
    const auto take = [&](std::string_view path, std::string_view text) {
        if (!path.starts_with(kCredentials)) return;
        path.remove_prefix(kCredentials.size());
        if (path == "AccessKeyId") keys.id = text;
        if (path == "SecretAccessKey") keys.secret = text;
        if (path == "SessionToken") keys.session_token = text;
        if (path == "Expiration") expiration = text;
    };
    if (read_xml(xml, XmlLimits(), take) != XmlEnd::Complete) {
        return Error(Errc::BadReply, "the answer is no plain XML");
    }
    return complete(std::move(keys), expiration);
}

}  // namespace s3b::net
