// SPDX-License-Identifier: Apache-2.0
// Entry point of s3_test_server: options, the server, and waiting for the signal to end.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/s3_server/options.h"
#include "tests/s3_server/server.h"

namespace {

void write_port_file(const std::string& path, uint16_t port) {
    const std::string draft = path + ".new";
    std::ofstream file(draft);
    file << port << '\n';
    file.close();
    if (!file) {
        throw std::runtime_error("cannot write " + draft);
    }
    std::filesystem::rename(draft, path);
}

// A connection takes a descriptor, and the usual soft limit is 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int serve(const s3b::test::Options& options) {
    // Blocked before the first thread starts, so that all threads inherit it.
    sigset_t ending{};
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();

    const s3b::test::Server server(options);
    if (!options.port_file.empty()) {
        write_port_file(options.port_file, server.port());
    }
    std::printf("listening on 127.0.0.1:%u\n", static_cast<unsigned>(server.port()));
    std::fflush(stdout);
    int signal = 0;
    sigwait(&ending, &signal);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto [options, error] = s3b::test::parse_options({argv + 1, argv + argc});
    if (!error.empty()) {
        std::fprintf(stderr, "s3_test_server: %s (see --help)\n", error.c_str());
        return 2;
    }
    if (options.help) {
        std::fputs(s3b::test::help_text().data(), stdout);
        return 0;
    }
    try {
        return serve(options);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "s3_test_server: %s\n", failure.what());
        return 1;
    }
}
