// SPDX-License-Identifier: Apache-2.0
#include "net/trust.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "engine/base/check.h"

namespace s3b::net {

void initialise_curl() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(done == CURLE_OK);
}

void FreeTrustStore::operator()(X509_STORE* store) const { X509_STORE_free(store); }

Result<TrustStore> load_trust_store(const std::string& ca_file) {
    TrustStore store(X509_STORE_new());
    CHECK(store != nullptr);
    bool loaded = false;
    if (!ca_file.empty()) {
        loaded = X509_STORE_load_file(store.get(), ca_file.c_str()) == 1;
    } else {
        const char* bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
        loaded = bundle != nullptr && X509_STORE_load_file(store.get(), bundle) == 1;
        if (!loaded) loaded = X509_STORE_set_default_paths(store.get()) == 1;
    }
    ERR_clear_error();  // libcurl would take what is left there for its own
    if (!loaded) return Error(Errc::Io, "cannot read the CA certificates");
    return store;
}

}  // namespace s3b::net
