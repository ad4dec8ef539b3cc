// SPDX-License-Identifier: Apache-2.0
// The S3 test server as a child process, its admin interface, and a temporary directory.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace s3b::net {

/// A directory of its own, removed with all that is in it.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// One server on 127.0.0.1. start() and the admin calls block: once a reactor runs, call them from
/// another thread where the server's answer depends on the reactor.
class TestServer {
public:
    /// `options` are those of s3_test_server beside the port.
    explicit TestServer(std::vector<std::string> options = {});
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    /// Starts it, on the same port as before if it ran already, and waits until it serves.
    void start();
    /// Ends it at once, as a crash would.
    void kill();
    bool tls() const { return tls_; }
    /// http[s]://127.0.0.1:PORT/
    std::string base_url() const;

    /// The answer's body; what went wrong in brackets if the status is not 2xx.
    std::string admin(const std::string& method, const std::string& target,
                      const std::string& body = {}) const;
    void fault(const std::string& rule) const { admin("POST", "/_admin/faults", rule); }
    /// A number of the statistics, by its first name in the JSON; -1 if there is none.
    long stat(const std::string& name) const;

private:
    TemporaryDirectory directory_;
    std::vector<std::string> options_;
    bool tls_ = false;
    int port_ = 0;
    pid_t pid_ = -1;
};

}  // namespace s3b::net
