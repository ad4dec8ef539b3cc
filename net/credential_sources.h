// SPDX-License-Identifier: Apache-2.0
// The places where access keys may come from, as settings, and the sources made from these.
// Source: wire-format.md 2.8; for all but EC2 roles the AWS SDK documentation.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/base/types.h"
#include "engine/reactor/ring.h"
#include "net/credentials.h"

namespace s3b::net {

enum class KeySource {
    Fixed,        // options and the access file: no source is needed
    Ec2Role,      // the metadata service of an EC2 instance
    Environment,  // AWS_ACCESS_KEY_ID and its like
    Profile,      // a profile of the files that the AWS tools share
    Container,    // the credential service of ECS and EKS
    WebIdentity,  // a token in a file, exchanged at the Security Token Service
};

/// The environment variables that sources read, by name.
using Variables = std::map<std::string, std::string, std::less<>>;

struct KeySourceSettings {
    KeySource source = KeySource::Fixed;
    std::string role;      // Ec2Role: its name
    bool imds_v2 = false;  // Ec2Role: with the tokens of version 2 of the metadata service
    std::string region = "us-east-1";  // WebIdentity: of the Security Token Service
    Variables variables;
    std::string home;             // ~ in names of files; empty: unknown
    std::string directory = "/";  // where relative names of files start
    std::string ca_file;          // PEM, for https; empty = the system's
    std::string user_agent = "s3backer";
    /// Unless AWS_EC2_METADATA_SERVICE_ENDPOINT names another one.
    std::string ec2_address = "http://169.254.169.254";
    /// The service behind AWS_CONTAINER_CREDENTIALS_RELATIVE_URI.
    std::string container_address = "http://169.254.170.2";
    Duration timeout = std::chrono::seconds(5);          // of one HTTP attempt
    Duration connect_timeout = std::chrono::seconds(1);  // of addresses in the same machine
    Duration process_timeout = std::chrono::minutes(1);  // of credential_process
    Duration initial_retry_pause = std::chrono::milliseconds(200);
    Duration max_retry_pause = std::chrono::seconds(30);  // sum of the pauses of one fetch

    KeySourceSettings() = default;
};

/// The value of a variable; empty if it is not set, which means the same to all sources.
std::string variable(const Variables& variables, std::string_view name);
std::string variable(const KeySourceSettings& settings, std::string_view name);

/// The source that `settings` describe; nullptr for Fixed. `ring` must outlive it. What is wrong
/// or missing shows when it fetches.
std::unique_ptr<CredentialSource> make_source(Ring& ring, const KeySourceSettings& settings);

/// For Credentials: the greatest time between two fetches; 0 = only the expiry counts.
Duration refresh_interval(KeySource source);

}  // namespace s3b::net
