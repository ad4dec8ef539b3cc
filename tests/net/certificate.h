// SPDX-License-Identifier: Apache-2.0
// A certificate for test servers with TLS.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/net/test_server.h"

namespace s3b::net {

/// A certificate for 127.0.0.1 that signs itself.
class Certificate {
public:
    Certificate() {
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
            " -subj /CN=s3b-test -addext subjectAltName=IP:127.0.0.1 -keyout '" +
            key() + "' -out '" + file() + "' 2>/dev/null";
        EXPECT_EQ(std::system(command.c_str()), 0);
    }
    std::string file() const { return directory_.path() + "/cert.pem"; }
    std::string key() const { return directory_.path() + "/key.pem"; }

private:
    TemporaryDirectory directory_;
};

}  // namespace s3b::net
