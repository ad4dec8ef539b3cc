// SPDX-License-Identifier: Apache-2.0
#include "net/key_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/secret.h"
#include "net/timestamp.h"

namespace s3b::net {

namespace {

using Json = nlohmann::json;

/// Moves the text of a member out; empty if there is none.
std::string take_text(Json& object, const char* name) {
    const auto member = object.find(name);
    if (member == object.end()) return {};
    auto* const text = member->get_ptr<Json::string_t*>();
    return text == nullptr ? std::string() : std::move(*text);
}

Result<AccessKeys> take_keys(Json& object, const KeyDocumentForm& form) {
    AccessKeys keys;
    keys.id = take_text(object, "AccessKeyId");
    keys.secret = take_text(object, "SecretAccessKey");
    keys.session_token = take_text(object, form.token);
    if (keys.id.empty()) return Error(Errc::InvalidArgument, "the answer lacks AccessKeyId");
    if (keys.secret.empty())
        return Error(Errc::InvalidArgument, "the answer lacks SecretAccessKey");
    if (keys.session_token.empty() && form.token_required) {
        return Error(Errc::InvalidArgument, "the answer lacks a token");
    }
    if (!is_header_safe(keys.id) || !is_header_safe(keys.session_token)) {
        return Error(Errc::BadReply, "the keys have characters that no key has");
    }
    const auto expiration = object.find("Expiration");
    if (expiration == object.end() || expiration->is_null()) return keys;
    keys.expires = parse_timestamp(take_text(object, "Expiration"));
    if (!keys.expires) return Error(Errc::BadReply, "Expiration is no time");
    return keys;
}

}  // namespace

Result<AccessKeys> parse_key_document(std::string_view json, const KeyDocumentForm& form) {
    Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return Error(Errc::BadReply, "the answer is no JSON object");
    if (form.version_1) {
        const auto version = object.find("Version");
        const bool is_1 = version != object.end() && version->is_number() && *version == 1;
        if (!is_1) return Error(Errc::Unsupported, "the answer's Version is not 1");
    }
    return take_keys(object, form);
}

bool is_header_safe(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace s3b::net
