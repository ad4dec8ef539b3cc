// SPDX-License-Identifier: Apache-2.0
// The answers of the credential endpoints, in the forms that Amazon documents.
#include "tests/s3_server/credential_service.h"

#include <algorithm>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kMetadataPath = "/latest/";
constexpr std::string_view kImdsTokenPath = "/latest/api/token";
constexpr std::string_view kRolesPath = "/latest/meta-data/iam/security-credentials";
constexpr std::string_view kContainerPath = "/v2/credentials/";
constexpr std::string_view kDefaultRole = "test-role";
constexpr std::string_view kTtlHeader = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr std::string_view kImdsTokenHeader = "X-aws-ec2-metadata-token";
constexpr uint64_t kMaxTtlSeconds = 21600;
constexpr size_t kMaxImdsTokens = 1000;  // then all are forgotten
constexpr std::string_view kStsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";
constexpr std::string_view kStsVersion = "2011-06-15";

Answer plain(unsigned status, std::string_view text) {
    return text_answer(status, "text/plain", std::string(text));
}

Answer json_object(const HeaderList& fields) {
    std::string json = "{";
    for (const auto& [name, value] : fields) {
        json += json.size() > 1 ? ",\n  " : "\n  ";
        json += json_string(name) + " : " + json_string(value);
    }
    return text_answer(200, "application/json", json + "\n}");
}

std::string element(std::string_view name, std::string_view content) {
    std::string out = "<" + std::string(name) + '>';
    out += content;
    return out + "</" + std::string(name) + '>';
}

std::string text_element(std::string_view name, std::string_view text) {
    return element(name, xml_escape(text));
}

Answer sts_answer(unsigned status, std::string_view root, std::string_view content) {
    std::string xml = "<" + std::string(root) + " xmlns=\"" + std::string(kStsNamespace) + "\">";
    xml += content;
    xml += "</" + std::string(root) + '>';
    return text_answer(status, "text/xml", std::move(xml));
}

Answer sts_error(std::string_view code, std::string_view message) {
    return sts_answer(400, "ErrorResponse",
                      element("Error", text_element("Type", "Sender") + text_element("Code", code) +
                                           text_element("Message", message)) +
                          text_element("RequestId", "test"));
}

// The parameters of the query and of the form in the body, where a plus is a blank.
std::vector<QueryItem> parameters_of(const Request& request) {
    std::vector<QueryItem> items = request.query;
    std::string form = request.body;
    std::ranges::replace(form, '+', ' ');
    for (QueryItem& item : parse_query(trim(form))) {
        items.push_back(std::move(item));
    }
    return items;
}

// "" when it is absent.
std::string_view value_of(const std::vector<QueryItem>& items, std::string_view name) {
    const auto found = std::ranges::find(items, name, &QueryItem::name);
    return found == items.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace

bool CredentialService::serves(const Request& request, const S3Target& target) const {
    if (!settings_.enabled || target.is_virtual_host) {
        return false;
    }
    if (request.path.starts_with(kMetadataPath) || request.path.starts_with(kContainerPath)) {
        return true;
    }
    const bool is_form = request.method == "POST" && !request.query_value("delete");
    return request.path == "/" && (is_form || request.query_value("Action"));
}

Answer CredentialService::handle(const Request& request) {
    const std::string_view path = request.path;
    if (path == "/") {
        return web_identity(request);
    }
    if (path == kImdsTokenPath) {
        return imds_token(request);
    }
    if (request.method != "GET") {
        return plain(405, "Method Not Allowed\n");
    }
    if (path.starts_with(kContainerPath)) {
        return container(request);
    }
    if (!may_read_metadata(request)) {
        return plain(401, "Unauthorized\n");
    }
    if (path == kRolesPath) {
        return imds_role({});
    }
    if (path.starts_with(kRolesPath) && path[kRolesPath.size()] == '/') {
        return imds_role(path.substr(kRolesPath.size() + 1));
    }
    return plain(404, "Not Found\n");
}

Answer CredentialService::imds_token(const Request& request) {
    if (request.method != "PUT") {
        return plain(405, "Method Not Allowed\n");
    }
    const auto ttl = parse_number(request.header(kTtlHeader).value_or(""));
    if (!ttl || *ttl == 0 || *ttl > kMaxTtlSeconds) {
        return plain(400, "Bad Request\n");
    }
    if (imds_tokens_.size() >= kMaxImdsTokens) {
        imds_tokens_.clear();
    }
    const std::string number = std::to_string(++last_imds_token_);
    const std::string token = base64_encode(sha256("metadata token " + number));
    imds_tokens_[token] = clock_.now() + static_cast<std::time_t>(*ttl);
    Answer answer = plain(200, token);
    answer.headers.emplace_back(kTtlHeader, std::to_string(*ttl));
    return answer;
}

bool CredentialService::may_read_metadata(const Request& request) const {
    const auto token = request.header(kImdsTokenHeader);
    if (!token) {
        return !settings_.imds_v2_only;
    }
    const auto known = imds_tokens_.find(std::string(*token));
    return known != imds_tokens_.end() && clock_.now() < known->second;
}

Answer CredentialService::imds_role(std::string_view role) const {
    if (role.empty()) {
        return plain(200, settings_.role.empty() ? kDefaultRole : settings_.role);
    }
    if (!settings_.role.empty() && role != settings_.role) {
        return plain(404, "Not Found\n");
    }
    return json_object({{"Code", "Success"},
                        {"LastUpdated", iso_seconds(clock_.now())},
                        {"Type", "AWS-HMAC"},
                        {"AccessKeyId", credentials_.access_id},
                        {"SecretAccessKey", credentials_.secret},
                        {"Token", credentials_.session_token},
                        {"Expiration", expiration()}});
}

Answer CredentialService::container(const Request& request) const {
    const std::string& wanted = settings_.container_authorization;
    if (!wanted.empty() && request.header("authorization") != wanted) {
        return plain(401, "Unauthorized\n");
    }
    return json_object({{"AccessKeyId", credentials_.access_id},
                        {"SecretAccessKey", credentials_.secret},
                        {"Token", credentials_.session_token},
                        {"Expiration", expiration()}});
}

Answer CredentialService::web_identity(const Request& request) const {
    const std::vector<QueryItem> items = parameters_of(request);
    if (value_of(items, "Action") != "AssumeRoleWithWebIdentity" ||
        value_of(items, "Version") != kStsVersion) {
        return sts_error("InvalidAction",
                         "AssumeRoleWithWebIdentity of 2011-06-15 is all there is");
    }
    for (const std::string_view name : {"RoleArn", "RoleSessionName", "WebIdentityToken"}) {
        if (value_of(items, name).empty()) {
            return sts_error("ValidationError", std::string(name) + " is missing");
        }
    }
    if (!settings_.web_identity_token.empty() &&
        value_of(items, "WebIdentityToken") != settings_.web_identity_token) {
        return sts_error("InvalidIdentityToken", "The token is not the one that is expected");
    }
    const std::string credentials =
        element("Credentials", text_element("AccessKeyId", credentials_.access_id) +
                                   text_element("SecretAccessKey", credentials_.secret) +
                                   text_element("SessionToken", credentials_.session_token) +
                                   text_element("Expiration", expiration()));
    const std::string user =
        element("AssumedRoleUser", text_element("Arn", value_of(items, "RoleArn")) +
                                       text_element("AssumedRoleId", "test"));
    return sts_answer(200, "AssumeRoleWithWebIdentityResponse",
                      element("AssumeRoleWithWebIdentityResult", user + credentials) +
                          element("ResponseMetadata", text_element("RequestId", "test")));
}

std::string CredentialService::expiration() const {
    return iso_seconds(clock_.now() + static_cast<std::time_t>(credentials_.lifetime_seconds));
}

}  // namespace s3b::test
