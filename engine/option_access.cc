// SPDX-License-Identifier: Apache-2.0
// Which credentials, and which URL.
#include <algorithm>
#include <array>
#include <cstring>

#include "engine/access_file.h"
#include "engine/option_checks.h"
#include "net/s3_request.h"

namespace s3b {

namespace {

using net::KeySource;

struct Provider {
    std::string_view name;
    KeySource source;
};
constexpr auto kProviders = std::to_array<Provider>({{"env", KeySource::Environment},
                                                     {"profile", KeySource::Profile},
                                                     {"ecs", KeySource::Container},
                                                     {"web-identity", KeySource::WebIdentity}});

bool has_source(const Draft& draft) { return draft.config.key_source.source != KeySource::Fixed; }

Complaint choose_provider(Draft& draft) {
    const std::string& name = *draft.access_provider;
    const auto* const found = std::ranges::find(kProviders, name, &Provider::name);
    if (found == kProviders.end()) {
        return "invalid value `" + name +
               "' of option `accessProvider': env, profile, ecs or web-identity is wanted";
    }
    draft.config.key_source.source = found->source;
    return {};
}

/// Says which of the options that give keys stands beside `option`, which gives them alone.
Complaint find_rival(const Draft& draft, std::string_view option) {
    struct Rival {
        std::string_view name;
        bool given;
    };
    const std::array<Rival, 4> rivals{{
        {"accessId", draft.access_id && !draft.access_id->empty()},
        {"accessKey", draft.access_key.has_value()},
        {"accessKeyEnv", draft.access_key_variable.has_value()},
        {"accessEC2IAM", draft.ec2_role && option != "accessEC2IAM"},
    }};
    const auto* const found = std::ranges::find(rivals, true, &Rival::given);
    if (found == rivals.end()) return {};
    return "`" + std::string(option) + "' and `" + std::string(found->name) +
           "' are both given; the keys can come from one of them only";
}

/// A role or a provider, if one is given.
Complaint settle_key_source(Draft& draft, const Environment& environment) {
    net::KeySourceSettings& source = draft.config.key_source;
    if (draft.access_provider) {
        if (Complaint wrong = choose_provider(draft)) return wrong;
        if (Complaint wrong = find_rival(draft, "accessProvider")) return wrong;
    } else if (draft.ec2_role) {
        source.source = KeySource::Ec2Role;
        source.role = *draft.ec2_role;
        if (Complaint wrong = find_rival(draft, "accessEC2IAM")) return wrong;
        if (source.role.empty()) {
            return std::string("invalid value `' of option `accessEC2IAM': a role is wanted");
        }
    }
    source.imds_v2 = draft.imds_v2;
    if (draft.imds_v2 && source.source != KeySource::Ec2Role) {
        draft.messages.emplace_back(
            "warning: `accessEC2IAM-IMDSv2' has no effect without `accessEC2IAM'");
    }
    if (!has_source(draft)) return {};
    source.home = environment.home.value_or("");
    source.directory = environment.directory;
    for (const auto& [name, value] : environment.variables) {
        if (name.starts_with("AWS_")) source.variables.emplace(name, value);
    }
    return {};
}

/// The key from the environment counts as if it were given.
Complaint take_key_from_environment(Draft& draft, const Environment& environment) {
    if (!draft.access_key_variable) return {};
    const std::string& name = *draft.access_key_variable;
    if (draft.access_key) {
        return std::string("`accessKey' and `accessKeyEnv' are both given; give one of them");
    }
    std::string key = net::variable(environment.variables, name);
    if (key.empty()) {
        return "the environment variable `" + name + "' of option `accessKeyEnv' is not set";
    }
    draft.access_key = std::move(key);
    return {};
}

std::string access_file_path(const Draft& draft, const Environment& environment) {
    if (draft.access_file) {
        return draft.access_file->empty()
                   ? std::string()
                   : absolute_path(*draft.access_file, environment.directory);
    }
    if (has_source(draft)) return {};
    if (!environment.home || environment.home->empty()) return {};
    return *environment.home + "/.s3backer_passwd";
}

/// A file that cannot be read counts as empty.
std::string access_file_text(Draft& draft, const std::string& path) {
    if (path.empty()) return {};
    Result<std::string> text = read_access_file(path);
    if (text) return *text;
    if (draft.access_file) {
        draft.messages.push_back("warning: access file `" + path +
                                 "' cannot be read: " + std::strerror(text.error().sys_errno));
    }
    return {};
}

Complaint settle_key(Draft& draft, const std::string& path, const std::string& text) {
    const std::string& id = draft.config.s3.access_id;
    std::string& key = draft.config.s3.access_key;
    key = draft.access_key.value_or("");
    if (id.empty() && !key.empty()) {
        return std::string("an access key is given, but no access id; give `accessId', too");
    }
    if (id.empty() || !key.empty()) return {};
    if (const auto found = find_access_entry(text, id)) key = found->key;
    if (!key.empty()) return {};
    std::string wrong = "no access key for the access id `" + id + "'; give `accessKey'";
    if (!path.empty()) wrong += ", or a line `" + id + ":KEY' in `" + path + "'";
    return wrong;
}

std::string default_base_url(const Draft& draft) {
    const std::string& region = draft.config.s3.region;
    const std::string host = region == net::S3Settings().region ? std::string("s3.amazonaws.com")
                                                                : "s3." + region + ".amazonaws.com";
    return (draft.ssl ? "https://" : "http://") + host + "/";
}

/// A token service of one's own may have a certificate from the same authority as the store.
void settle_way_to_keys(Draft& draft, const Environment& environment) {
    const net::S3Settings& s3 = draft.config.s3;
    net::KeySourceSettings& source = draft.config.key_source;
    source.region = s3.region;
    source.initial_retry_pause = s3.initial_retry_pause;
    source.max_retry_pause = s3.max_retry_pause;
    source.user_agent = user_agent();
    source.ca_file = net::variable(source, "AWS_CA_BUNDLE");
    if (source.ca_file.empty()) source.ca_file = s3.ca_file;
    if (!source.ca_file.empty()) {
        source.ca_file = absolute_path(source.ca_file, environment.directory);
    }
}

Complaint check_base_url(const std::string& url) {
    const std::string invalid = "invalid base URL `" + url + "': ";
    const bool http = url.starts_with("http://");
    if (!http && !url.starts_with("https://")) {
        return invalid + "it must begin with http:// or https://, in lower case";
    }
    const size_t host = http ? 7 : 8;
    if (host == url.size() || url[host] == '/') return invalid + "it names no host";
    if (!url.ends_with('/')) return invalid + "it must end in a slash";
    if (const auto endpoint = net::parse_endpoint(url, "bucket", false); !endpoint) {
        return invalid + endpoint.error().what;
    }
    return {};
}

}  // namespace

Complaint settle_credentials(Draft& draft, const Environment& environment) {
    if (Complaint wrong = settle_key_source(draft, environment)) return wrong;
    const std::string path = access_file_path(draft, environment);
    const std::string text = access_file_text(draft, path);
    std::string& id = draft.config.s3.access_id;
    if (draft.access_id) {
        id = *draft.access_id;
    } else if (const auto first = find_access_entry(text, std::nullopt)) {
        id = first->id;
    }
    const bool expects_none =
        draft.config.mount.read_only || draft.config.test || draft.base_url.has_value();
    if (id.empty() && !expects_none && !has_source(draft)) {
        draft.messages.emplace_back("warning: no access id is given; only reads will succeed");
        draft.messages.emplace_back("warning: give `readOnly' to silence this warning");
    }
    if (Complaint wrong = take_key_from_environment(draft, environment)) return wrong;
    if (has_source(draft) && !id.empty()) {
        const char* const option = draft.access_provider ? "accessProvider" : "accessEC2IAM";
        return "`" + std::string(option) + "' is given, but there is the access id `" + id +
               "' in `" + path + "', too";
    }
    return settle_key(draft, path, text);
}

Complaint settle_address(Draft& draft, const Environment& environment) {
    net::S3Settings& s3 = draft.config.s3;
    if (draft.region && draft.region->empty()) {
        return std::string("invalid region `': it must not be empty");
    }
    if (draft.region) s3.region = *draft.region;
    s3.base_url = draft.base_url ? *draft.base_url : default_base_url(draft);
    if (Complaint wrong = check_base_url(s3.base_url)) return wrong;
    if (draft.ssl && !s3.base_url.starts_with("https://")) {
        return "`ssl' is given, but the base URL `" + s3.base_url + "' is not https";
    }
    settle_way_to_keys(draft, environment);
    s3.vhost = !draft.config.test && draft.vhost.value_or(draft.region.has_value());
    if (s3.vhost) {
        s3.base_url.insert(s3.base_url.find("://") + 3, s3.bucket + ".");
        return check_base_url(s3.base_url);
    }
    return {};
}

}  // namespace s3b
