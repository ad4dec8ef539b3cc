// SPDX-License-Identifier: Apache-2.0
// Keys of a role from the Security Token Service, for a token that somebody else keeps fresh in a
// file: EKS with IAM roles for service accounts, and other OpenID Connect providers.
#include <algorithm>

#include "codec/text.h"
#include "net/key_document.h"
#include "net/key_server.h"
#include "net/secret.h"
#include "net/small_file.h"
#include "net/source_kinds.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxDocument = 64 * 1024;
constexpr const char* kDefaultSession = "s3backer";

bool is_host_label(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

class WebIdentitySource final : public CredentialSource {
public:
    WebIdentitySource(Ring& ring, const KeySourceSettings& settings)
        : ring_(ring), settings_(settings), server_(ring, settings_, name()) {}

    const char* name() const override { return "web-identity"; }
    void stop() override { server_.stop(); }

    Task<Result<AccessKeys>> fetch() override {
        HttpRequest request;
        CO_TRY(request.url, address());
        CO_TRY(std::string text, co_await form());
        const SecretText body(std::move(text));
        request.method = Method::Post;
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        request.body = std::as_bytes(std::span(body.get()));
        SecretBuffer document(kMaxDocument);
        request.into = document.span();
        CO_TRY(const size_t length, co_await server_.ask(request));
        co_return parse_sts_answer(document.text(length));
    }

private:
    Result<std::string> address() const {
        const std::string given = variable(settings_, "AWS_ENDPOINT_URL_STS");
        if (!given.empty()) {
            if (parse_key_address(given)) return given;
            return Error(Errc::InvalidArgument, "AWS_ENDPOINT_URL_STS is no URL");
        }
        return sts_address(settings_.region);
    }

    /// The body of the request; a secret.
    Task<Result<std::string>> form() {
        const std::string file = variable(settings_, "AWS_WEB_IDENTITY_TOKEN_FILE");
        const std::string role = variable(settings_, "AWS_ROLE_ARN");
        std::string session = variable(settings_, "AWS_ROLE_SESSION_NAME");
        if (session.empty()) session = kDefaultSession;
        if (file.empty()) {
            co_return Error(Errc::InvalidArgument, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
        }
        if (role.empty()) co_return Error(Errc::InvalidArgument, "AWS_ROLE_ARN is not set");
        std::string path = absolute_name(settings_, file);
        CO_TRY(std::string token, co_await read_token_file(ring_, std::move(path)));
        const SecretText kept(std::move(token));
        const SecretText encoded(codec::percent_encode(kept.get(), codec::Slash::Encode));
        std::string text = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=";
        text.reserve(text.size() + 3 * (role.size() + session.size()) + encoded.get().size() + 64);
        text += codec::percent_encode(role, codec::Slash::Encode);
        text += "&RoleSessionName=";
        text += codec::percent_encode(session, codec::Slash::Encode);
        text += "&WebIdentityToken=";
        text += encoded.get();
        co_return text;
    }

    Ring& ring_;
    KeySourceSettings settings_;
    KeyServer server_;
};

}  // namespace

Result<std::string> sts_address(const std::string& region) {
    if (!is_host_label(region)) {
        return Error(Errc::InvalidArgument, "the region is not a part of a host name");
    }
    const bool china = region.starts_with("cn-");
    return "https://sts." + region + ".amazonaws.com" + (china ? ".cn/" : "/");
}

std::unique_ptr<CredentialSource> make_web_identity_source(Ring& ring,
                                                           const KeySourceSettings& settings) {
    return std::make_unique<WebIdentitySource>(ring, settings);
}

}  // namespace s3b::net
