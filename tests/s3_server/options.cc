// SPDX-License-Identifier: Apache-2.0
// Reading the command line. Every option is --NAME or --NAME=VALUE.
#include "tests/s3_server/options.h"

#include <functional>
#include <limits>
#include <map>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr uint64_t kMaxFillCount = uint64_t{1} << 32;  // what 8 hex digits can name
constexpr uint64_t kMaxFillSize = 64U << 20;           // bytes; as of any body
constexpr uint64_t kMaxClockOffset = 1000000000;       // seconds; about 30 years

using Setter = std::function<bool(Options&, std::string_view value)>;

Setter text_setter(std::string Options::* member) {
    return [member](Options& options, std::string_view value) {
        options.*member = value;
        return !value.empty();
    };
}

Setter auth_setter(std::string AuthSettings::* member) {
    return [member](Options& options, std::string_view value) {
        options.auth.*member = value;
        return !value.empty();
    };
}

Setter credential_setter(std::string CredentialSettings::* member) {
    return [member](Options& options, std::string_view value) {
        options.credentials.*member = value;
        return !value.empty();
    };
}

// ID:SECRET:TOKEN[:LIFETIME_SECONDS]
bool set_credentials(Options& options, std::string_view value) {
    const std::vector<std::string_view> words = split(value, ':');
    if (words.size() < 3 || words.size() > 4 || words[0].empty() || words[1].empty() ||
        words[2].empty()) {
        return false;
    }
    options.auth.access_id = words[0];
    options.auth.secret = words[1];
    options.auth.session_token = words[2];
    options.credentials.enabled = true;
    if (words.size() == 4) {
        const auto lifetime = parse_number(words[3]);
        options.credentials.lifetime_seconds = lifetime.value_or(0);
        return lifetime && *lifetime <= kMaxLifetime;
    }
    return true;
}

bool set_port(Options& options, std::string_view value) {
    const auto number = parse_number(value);
    if (!number || *number > std::numeric_limits<uint16_t>::max()) {
        return false;
    }
    options.port = static_cast<uint16_t>(*number);
    return true;
}

Setter milliseconds_setter(std::chrono::milliseconds Options::* member) {
    return [member](Options& options, std::string_view value) {
        const auto number = parse_number(value);
        options.*member = std::chrono::milliseconds(number.value_or(0));
        return number.has_value();
    };
}

// BUCKET:COUNT:SIZE[:PREFIX]; the prefix may have colons.
bool add_fill(Options& options, std::string_view value) {
    const std::vector<std::string_view> words = split(value, ':');
    if (words.size() < 3 || words[0].empty()) {
        return false;
    }
    const auto count = parse_number(words[1]);
    const auto size = parse_number(words[2]);
    if (!count || *count > kMaxFillCount || !size || *size > kMaxFillSize) {
        return false;
    }
    const size_t head = words[0].size() + words[1].size() + words[2].size() + 3;
    const std::string_view prefix = words.size() == 3 ? "" : value.substr(head);
    options.fills.push_back({std::string(words[0]), *count, *size, std::string(prefix)});
    return true;
}

bool set_clock_offset(Options& options, std::string_view value) {
    const bool is_negative = value.starts_with('-');
    const auto number = parse_number(value.substr(is_negative ? 1 : 0));
    if (!number || *number > kMaxClockOffset) {
        return false;
    }
    const auto seconds = static_cast<int64_t>(*number);
    options.clock_offset = std::chrono::seconds(is_negative ? -seconds : seconds);
    return true;
}

bool set_conditional_put(Options& options, std::string_view value) {
    options.conditional_put =
        value == "501" ? ConditionalPut::kNotImplemented : ConditionalPut::kIgnored;
    return value == "501" || value == "ignore";
}

bool set_bandwidth(Options& options, std::string_view value) {
    const auto number = parse_number(value);
    options.bandwidth = number.value_or(0);
    return number.has_value();
}

const std::map<std::string_view, Setter>& value_options() {
    static const std::map<std::string_view, Setter> kTable{
        {"port", set_port},
        {"port-file", text_setter(&Options::port_file)},
        {"access-id", auth_setter(&AuthSettings::access_id)},
        {"secret", auth_setter(&AuthSettings::secret)},
        {"session-token", auth_setter(&AuthSettings::session_token)},
        {"credentials", set_credentials},
        {"role", credential_setter(&CredentialSettings::role)},
        {"container-authorization",
         credential_setter(&CredentialSettings::container_authorization)},
        {"web-identity-token", credential_setter(&CredentialSettings::web_identity_token)},
        {"region", auth_setter(&AuthSettings::region)},
        {"bucket",
         [](Options& options, std::string_view value) {
             options.buckets.emplace_back(value);
             return !value.empty();
         }},
        {"no-conditional-put", set_conditional_put},
        {"clock-offset", set_clock_offset},
        {"fill", add_fill},
        {"latency", milliseconds_setter(&Options::latency)},
        {"list-latency", milliseconds_setter(&Options::list_latency)},
        {"bandwidth", set_bandwidth},
        {"tls-cert", text_setter(&Options::tls_cert_file)},
        {"tls-key", text_setter(&Options::tls_key_file)},
        {"journal", text_setter(&Options::journal_file)},
    };
    return kTable;
}

bool set_flag(Options& options, std::string_view name) {
    if (name == "no-auth") {
        options.auth.enabled = false;
    } else if (name == "any-date") {
        options.auth.any_date = true;
    } else if (name == "trust-digests") {
        options.body_digests = BodyDigests::kTrusted;
    } else if (name == "imds-v2-only") {
        options.credentials.imds_v2_only = true;
    } else if (name == "help") {
        options.help = true;
    } else {
        return false;
    }
    return true;
}

bool set_option(Options& options, std::string_view argument) {
    if (!argument.starts_with("--")) {
        return false;
    }
    const std::string_view name = argument.substr(2);
    const size_t equals = name.find('=');
    if (equals == std::string_view::npos) {
        return set_flag(options, name);
    }
    const auto found = value_options().find(name.substr(0, equals));
    return found != value_options().end() && found->second(options, name.substr(equals + 1));
}

std::string contradiction(const Options& options) {
    if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
        return "--tls-cert and --tls-key go together";
    }
    const CredentialSettings& given = options.credentials;
    if (!given.enabled &&
        (given.imds_v2_only || !given.role.empty() || !given.container_authorization.empty() ||
         !given.web_identity_token.empty())) {
        return "the options of the credential endpoints need --credentials";
    }
    if (!options.fills.empty() && !options.journal_file.empty()) {
        return "--fill is not kept in a journal: give one of --fill and --journal";
    }
    if (options.auth.enabled && (options.auth.access_id.empty() || options.auth.secret.empty())) {
        return "give --access-id and --secret, or --no-auth";
    }
    return {};
}

}  // namespace

ParsedOptions parse_options(const std::vector<std::string_view>& arguments) {
    ParsedOptions parsed;
    for (const std::string_view argument : arguments) {
        if (!set_option(parsed.options, argument)) {
            parsed.error = "wrong option " + std::string(argument);
            return parsed;
        }
    }
    if (!parsed.options.help) {
        parsed.error = contradiction(parsed.options);
    }
    return parsed;
}

}  // namespace s3b::test
