// SPDX-License-Identifier: Apache-2.0
// Keys of a role from the metadata service of an EC2 instance, with version 1 or 2 of its protocol.
// Source: wire-format.md 2.8.
#include "net/key_document.h"
#include "net/key_server.h"
#include "net/s3_request.h"
#include "net/secret.h"
#include "net/source_kinds.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxDocument = 2048;
constexpr size_t kMaxToken = 1024;
constexpr const char* kTokenLifeSeconds = "21600";

class Ec2Source final : public CredentialSource {
public:
    Ec2Source(Ring& ring, const KeySourceSettings& settings)
        : settings_(settings), server_(ring, settings_, name()) {
        base_ = variable(settings_, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
        if (base_.empty()) base_ = settings_.ec2_address;
        while (base_.ends_with('/')) base_.pop_back();
    }

    const char* name() const override { return "ec2"; }
    void stop() override { server_.stop(); }

    Task<Result<AccessKeys>> fetch() override {
        if (!parse_key_address(base_)) {
            co_return Error(Errc::InvalidArgument,
                            "AWS_EC2_METADATA_SERVICE_ENDPOINT is no http or https address");
        }
        HttpRequest request =
            begin("/latest/meta-data/iam/security-credentials/" + wire_path(settings_.role));
        if (settings_.imds_v2) {
            CO_TRY(std::string token, co_await fetch_token());
            request.headers.emplace_back("X-aws-ec2-metadata-token", token);
            wipe(token);
        }
        co_return co_await server_.ask_for_keys(request, kMaxDocument);
    }

private:
    HttpRequest begin(const std::string& path) const {
        HttpRequest request;
        request.url = base_ + path;
        request.connect_timeout = settings_.connect_timeout;
        request.direct = true;
        return request;
    }

    /// Anew each time: it is cheap, and the last one may have expired.
    Task<Result<std::string>> fetch_token() {
        SecretBuffer token(kMaxToken);
        HttpRequest request = begin("/latest/api/token");
        request.method = Method::Put;
        request.headers.emplace_back("X-aws-ec2-metadata-token-ttl-seconds", kTokenLifeSeconds);
        request.headers.emplace_back("Content-Type", "");  // libcurl's own makes no sense here
        request.into = token.span();
        CO_TRY(const size_t length, co_await server_.ask(request));
        const std::string_view text = token.text(length);
        if (text.empty() || !is_header_safe(text)) {
            co_return Error(Errc::BadReply, "the metadata service gives no proper token");
        }
        co_return std::string(text);
    }

    KeySourceSettings settings_;
    std::string base_;  // without a slash at its end
    KeyServer server_;
};

}  // namespace

std::unique_ptr<CredentialSource> make_ec2_source(Ring& ring, const KeySourceSettings& settings) {
    return std::make_unique<Ec2Source>(ring, settings);
}

}  // namespace s3b::net
