// SPDX-License-Identifier: Apache-2.0
// What requests are signed with.
#pragma once

#include <optional>
#include <string>

#include "engine/base/types.h"

namespace s3b::net {

struct AccessKeys {
    std::string id;  // empty: requests are not signed
    std::string secret;
    std::string session_token;        // of temporary keys; empty: none
    std::optional<WallTime> expires;  // nullopt: never

    AccessKeys() = default;
};

}  // namespace s3b::net
