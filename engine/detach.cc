// SPDX-License-Identifier: Apache-2.0
#include "engine/detach.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "engine/base/check.h"
#include "engine/base/log.h"

namespace s3b {

namespace {

/// Waits until the child is ready or has ended; what to exit with.
int wait_for(pid_t child, int pipe) {
    char ready = 0;
    ssize_t count = 0;
    do {
        count = read(pipe, &ready, 1);
    } while (count < 0 && errno == EINTR);
    if (count == 1) return EXIT_SUCCESS;
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_FAILURE;
}

}  // namespace

Detacher::Detacher(bool foreground) {
    if (foreground) return;
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child != 0) {
        close(ends[1]);
        _exit(wait_for(child, ends[0]));
    }
    close(ends[0]);
    parent_ = ends[1];
    setsid();
}

Detacher::~Detacher() {
    if (parent_ >= 0) close(parent_);
}

void Detacher::ready() {
    if (parent_ < 0) return;
    CHECK(chdir("/") == 0);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
        close(null);
    }
    log::set_target(log::Target::Syslog);
    const char byte = 1;
    // A parent that was killed does not matter to the daemon.
    [[maybe_unused]] const ssize_t written = write(parent_, &byte, 1);
    close(parent_);
    parent_ = -1;
}

}  // namespace s3b
