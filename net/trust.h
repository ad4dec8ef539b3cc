// SPDX-License-Identifier: Apache-2.0
// The certificates that TLS peers are verified with, read once at start: reading the system's
// bundle takes some 20 ms, which no connection shall cost the reactor.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "engine/base/result.h"

namespace s3b::net {

/// Makes libcurl and its TLS library ready, once for the process. Call it before any of the two.
void initialise_curl();

struct FreeTrustStore {
    void operator()(X509_STORE* store) const;
};
using TrustStore = std::unique_ptr<X509_STORE, FreeTrustStore>;

/// The certificates in `ca_file` (PEM); if that is empty, those of the system. Errors: Io if the
/// file cannot be read or holds none.
Result<TrustStore> load_trust_store(const std::string& ca_file);

}  // namespace s3b::net
