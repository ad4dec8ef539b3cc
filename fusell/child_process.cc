// SPDX-License-Identifier: Apache-2.0
#include "fusell/child_process.h"

#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "fusell/poll_wait.h"

extern char** environ;

namespace s3b::fusell {

namespace {

/// Starts it with no signal blocked (we may have blocked those that we read from a descriptor) and
/// in a group of its own, so that Ctrl-C at the terminal does not end it, too.
int spawn(const std::vector<std::string>& arguments, pid_t& pid) {
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    const int failed =
        posix_spawnp(&pid, pointers[0], nullptr, &attributes, pointers.data(), environ);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

int reap(pid_t pid) {
    int status = 0;
    pid_t reaped = -1;
    do {
        reaped = ::waitpid(pid, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    if (reaped != pid) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Task<Result<int>> run_child(Ring& ring, std::vector<std::string> arguments) {
    pid_t pid = -1;
    const int failed = spawn(arguments, pid);
    if (failed != 0) co_return Error(Errc::Io, "cannot start a program", failed);
    // pidfd_open(2): readable when the child has ended.
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd >= 0) {
        co_await readable(ring, fd);
        ::close(fd);
    }
    co_return reap(pid);
}

}  // namespace s3b::fusell
