// SPDX-License-Identifier: Apache-2.0
#include "tests/net/test_server.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/base/check.h"
#include "net/trust.h"

extern char** environ;

namespace s3b::net {

namespace {

constexpr int kStartTimeoutMs = 30000;

size_t append(char* data, size_t one, size_t size, void* text) {
    static_cast<std::string*>(text)->append(data, one * size);
    return one * size;
}

pid_t spawn(const std::vector<std::string>& arguments) {
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    pid_t pid = -1;
    CHECK(posix_spawn(&pid, pointers[0], nullptr, nullptr, pointers.data(), environ) == 0);
    return pid;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
    const char* root = std::getenv("TMPDIR");
    path_ = std::string(root != nullptr ? root : "/tmp") + "/s3b-test-XXXXXX";
    CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

TestServer::TestServer(std::vector<std::string> options) : options_(std::move(options)) {
    initialise_curl();
    for (const std::string& option : options_) tls_ |= option.starts_with("--tls-cert");
    start();
}

TestServer::~TestServer() { kill(); }

void TestServer::start() {
    const std::string port_file = directory_.path() + "/port";
    std::filesystem::remove(port_file);
    const int watch = inotify_init1(IN_CLOEXEC);
    CHECK(watch >= 0);
    CHECK(inotify_add_watch(watch, directory_.path().c_str(), IN_MOVED_TO) >= 0);
    std::vector<std::string> arguments{S3B_TEST_SERVER, "--port=" + std::to_string(port_),
                                       "--port-file=" + port_file};
    arguments.insert(arguments.end(), options_.begin(), options_.end());
    pid_ = spawn(arguments);
    pollfd waiting{watch, POLLIN, 0};
    CHECK(::poll(&waiting, 1, kStartTimeoutMs) == 1);
    close(watch);
    std::ifstream(port_file) >> port_;
    CHECK(port_ > 0);
}

void TestServer::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

std::string TestServer::base_url() const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + '/';
}

std::string TestServer::admin(const std::string& method, const std::string& target,
                              const std::string& body) const {
    CURL* easy = curl_easy_init();
    CHECK(easy != nullptr);
    std::string answer;
    const std::string url = base_url() + target.substr(1);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    if (method != "GET") {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
    }
    const CURLcode code = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    if (code != CURLE_OK) return std::string("[") + curl_easy_strerror(code) + ']';
    if (status / 100 != 2) return '[' + std::to_string(status) + ": " + answer + ']';
    return answer;
}

long TestServer::stat(const std::string& name) const {
    const std::string stats = admin("GET", "/_admin/stats");
    const std::string label = '"' + name + "\":";
    const size_t at = stats.find(label);
    if (at == std::string::npos) return -1;
    return std::strtol(stats.c_str() + at + label.size(), nullptr, 10);
}

}  // namespace s3b::net
