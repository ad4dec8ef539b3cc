// SPDX-License-Identifier: Apache-2.0
// Access keys that come from a source (a role, a profile, ...) and are refreshed before they
// expire, for as long as a store is in use. Source: wire-format.md 2.8.
#pragma once

#include <optional>

#include "engine/reactor/task_group.h"
#include "net/credential_sources.h"

namespace s3b {

/// Belongs to the reactor's thread. stop() must have ended before it is destroyed.
class SigningKeys {
public:
    /// Without a source (KeySource::Fixed) it has nothing to do.
    SigningKeys(Ring& ring, const net::KeySourceSettings& settings);

    /// nullptr: the store signs with the keys of its settings.
    net::Credentials* credentials() { return credentials_ ? &*credentials_ : nullptr; }
    /// To be called after the last request.
    Task<void> stop();

private:
    std::optional<net::Credentials> credentials_;
    TaskGroup tasks_;
};

}  // namespace s3b
