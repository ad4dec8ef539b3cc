// SPDX-License-Identifier: Apache-2.0
// Keys from environment variables.
#include "net/key_document.h"
#include "net/source_kinds.h"

namespace s3b::net {

namespace {

class EnvironmentSource final : public CredentialSource {
public:
    explicit EnvironmentSource(const KeySourceSettings& settings) : settings_(settings) {}

    const char* name() const override { return "env"; }
    Task<Result<AccessKeys>> fetch() override {
        AccessKeys keys;
        keys.id = variable(settings_, "AWS_ACCESS_KEY_ID");
        keys.secret = variable(settings_, "AWS_SECRET_ACCESS_KEY");
        keys.session_token = variable(settings_, "AWS_SESSION_TOKEN");
        if (keys.id.empty()) {
            co_return Error(Errc::InvalidArgument, "AWS_ACCESS_KEY_ID is not set");
        }
        if (keys.secret.empty()) {
            co_return Error(Errc::InvalidArgument, "AWS_SECRET_ACCESS_KEY is not set");
        }
        if (!is_header_safe(keys.id) || !is_header_safe(keys.session_token)) {
            co_return Error(
                Errc::InvalidArgument,
                "AWS_ACCESS_KEY_ID or AWS_SESSION_TOKEN has characters that no key has");
        }
        co_return keys;
    }

private:
    KeySourceSettings settings_;
};

}  // namespace

std::unique_ptr<CredentialSource> make_environment_source(const KeySourceSettings& settings) {
    return std::make_unique<EnvironmentSource>(settings);
}

}  // namespace s3b::net
