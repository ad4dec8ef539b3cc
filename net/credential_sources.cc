// SPDX-License-Identifier: Apache-2.0
#include "net/credential_sources.h"

#include "net/source_kinds.h"

namespace s3b::net {

std::string variable(const Variables& variables, std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
}

std::string variable(const KeySourceSettings& settings, std::string_view name) {
    return variable(settings.variables, name);
}

std::unique_ptr<CredentialSource> make_source(Ring& ring, const KeySourceSettings& settings) {
    switch (settings.source) {
        case KeySource::Fixed: break;
        case KeySource::Ec2Role: return make_ec2_source(ring, settings);
        case KeySource::Environment: return make_environment_source(settings);
        case KeySource::Profile: return make_profile_source(ring, settings);
        case KeySource::Container: return make_container_source(ring, settings);
        case KeySource::WebIdentity: return make_web_identity_source(ring, settings);
    }
    return nullptr;
}

Duration refresh_interval(KeySource source) {
    constexpr Duration kAsDocumented = std::chrono::seconds(300);
    return source == KeySource::Ec2Role ? kAsDocumented : Duration{};
}

}  // namespace s3b::net
