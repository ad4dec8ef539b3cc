// SPDX-License-Identifier: Apache-2.0
// The sources one by one, for make_source(). Each is in a file of its own.
#pragma once

#include <memory>

#include "net/credential_sources.h"

namespace s3b::net {

std::unique_ptr<CredentialSource> make_ec2_source(Ring& ring, const KeySourceSettings& settings);
std::unique_ptr<CredentialSource> make_environment_source(const KeySourceSettings& settings);
std::unique_ptr<CredentialSource> make_profile_source(Ring& ring,
                                                      const KeySourceSettings& settings);
std::unique_ptr<CredentialSource> make_container_source(Ring& ring,
                                                        const KeySourceSettings& settings);
std::unique_ptr<CredentialSource> make_web_identity_source(Ring& ring,
                                                           const KeySourceSettings& settings);

/// The Security Token Service of a region. InvalidArgument if that is no part of a host name.
Result<std::string> sts_address(const std::string& region);

}  // namespace s3b::net
