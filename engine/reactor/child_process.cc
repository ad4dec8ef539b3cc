// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include "engine/reactor/sync.h"

extern char** environ;

namespace s3b {

namespace {

/// A descriptor that is closed at its end; -1 = none.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(); }
    int fd() const { return fd_; }
    void reset(int fd = -1) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = fd;
    }

private:
    int fd_;
};

/// Our end of a pipe does not block; the child's does.
struct Pipe {
    Descriptor ours;
    Descriptor theirs;

    /// The errno, or 0.
    int open() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
        return ::fcntl(ours.fd(), F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
    }
};

/// Hears when a descriptor can be read or has hung up, one poll at a time.
class Watch final : public Completion {
public:
    Watch(Ring& ring, int fd, WaitQueue& heard) : ring_(ring), fd_(fd), heard_(heard) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { CHECK(!armed_); }

    bool armed() const { return armed_; }
    void arm() {
        if (armed_) return;
        armed_ = true;
        ring_.poll(fd_, POLLIN, *this);
    }
    void cancel() {
        if (armed_) ring_.cancel(*this);
    }
    void complete(int32_t) override {
        armed_ = false;
        heard_.wake_all();
    }

private:
    Ring& ring_;
    int fd_;
    WaitQueue& heard_;
    bool armed_ = false;
};

/// Starts it with no signal blocked (we may have blocked those that we read from a descriptor) and
/// in a group of its own, so that Ctrl-C at the terminal does not end it, too. Without `actions`
/// it has our standard streams.
int spawn(const std::vector<std::string>& arguments, const posix_spawn_file_actions_t* actions,
          pid_t& pid) {
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
        posix_spawnp(&pid, pointers[0], actions, &attributes, pointers.data(), environ);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

int spawn_with_pipes(const std::vector<std::string>& arguments, const Pipe& output,
                     const Pipe& errors, pid_t& pid) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.theirs.fd(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors.theirs.fd(), STDERR_FILENO);
    const int failed = spawn(arguments, &actions, pid);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/// pidfd_open(2): readable when the child has ended. -1 if there is none.
int open_pid(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

bool has_ended(pid_t pid) {
    siginfo_t info{};
    // Fails if somebody else has reaped it.
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == pid;
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

/// A child from its start to its end, with what it writes meanwhile.
class Capture {
public:
    Capture(Ring& ring, pid_t pid, int pid_fd, int output, int errors, std::span<std::byte> into)
        : pid_(pid),
          output_(output),
          errors_(errors),
          into_(into),
          ended_(ring, pid_fd, heard_),
          output_ready_(ring, output, heard_),
          errors_ready_(ring, errors, heard_) {}

    Task<Result<ChildOutput>> run(Instant deadline);

private:
    void arm();
    void collect_output();
    void collect_errors();
    void kill(Error why);

    pid_t pid_;
    int output_;
    int errors_;
    std::span<std::byte> into_;
    ChildOutput result_;
    std::optional<Error> failure_;
    bool output_closed_ = false;
    bool errors_closed_ = false;
    WaitQueue heard_;
    Watch ended_;
    Watch output_ready_;
    Watch errors_ready_;
};

Task<Result<ChildOutput>> Capture::run(Instant deadline) {
    for (;;) {
        // In this order: all that it has written before its end is there.
        const bool over = has_ended(pid_);
        collect_output();
        collect_errors();
        if (over) break;
        arm();
        const bool in_time = co_await heard_.wait_until(deadline);
        if (in_time) continue;
        kill(Error(Errc::Timeout, "a program does not end"));
        deadline = kNever;
    }
    ended_.cancel();
    output_ready_.cancel();
    errors_ready_.cancel();
    while (ended_.armed() || output_ready_.armed() || errors_ready_.armed()) {
        co_await heard_.wait();
    }
    result_.status = reap(pid_);
    if (result_.complaint.ends_with('\n')) result_.complaint.pop_back();
    if (failure_) co_return *failure_;
    co_return std::move(result_);
}

void Capture::arm() {
    ended_.arm();
    if (!output_closed_) output_ready_.arm();
    if (!errors_closed_) errors_ready_.arm();
}

void Capture::collect_output() {
    while (!output_closed_ && !failure_) {
        const std::span<std::byte> room = into_.subspan(result_.length);
        std::byte surplus{};
        const ssize_t count =
            room.empty() ? ::read(output_, &surplus, 1) : ::read(output_, room.data(), room.size());
        if (count < 0) return;  // nothing there for now
        if (count == 0) {
            output_closed_ = true;
        } else if (room.empty()) {
            kill(Error(Errc::NoSpace, "a program prints too much"));
        } else {
            result_.length += static_cast<size_t>(count);
        }
    }
    output_closed_ |= failure_.has_value();  // and it is not polled any more
}

void Capture::collect_errors() {
    // Read on when there is enough, or the program would hang; but not without a bound in one go.
    constexpr int kReadsInOneGo = 64;
    char part[1024];
    for (int i = 0; i < kReadsInOneGo && !errors_closed_; ++i) {
        const ssize_t count = ::read(errors_, part, sizeof part);
        if (count < 0) return;
        if (count == 0) errors_closed_ = true;
        for (const char c : std::string_view(part, static_cast<size_t>(count))) {
            std::string& line = result_.complaint;
            const bool complete = line.ends_with('\n') || line.size() == kMaxComplaint;
            const bool blank = line.empty() && c == '\n';  // the text may begin further down
            if (!complete && !blank) line += c;
        }
    }
}

void Capture::kill(Error why) {
    failure_ = why;
    ::kill(-pid_, SIGKILL);
}

}  // namespace

Task<Result<int>> run_child(Ring& ring, std::vector<std::string> arguments) {
    pid_t pid = -1;
    const int failed = spawn(arguments, nullptr, pid);
    if (failed != 0) co_return Error(Errc::Io, "cannot start a program", failed);
    const Descriptor fd(open_pid(pid));
    if (fd.fd() >= 0) {
        WaitQueue heard;
        Watch ended(ring, fd.fd(), heard);
        ended.arm();
        while (ended.armed()) {
            co_await heard.wait();
        }
    }
    co_return reap(pid);
}

Task<Result<ChildOutput>> capture_child(Ring& ring, std::vector<std::string> arguments,
                                        std::span<std::byte> into, Duration limit) {
    Pipe output;
    Pipe errors;
    int failed = output.open();
    if (failed == 0) failed = errors.open();
    if (failed != 0) co_return Error(Errc::Io, "cannot make a pipe", failed);
    pid_t pid = -1;
    failed = spawn_with_pipes(arguments, output, errors, pid);
    if (failed != 0) co_return Error(Errc::Io, "cannot start a program", failed);
    output.theirs.reset();
    errors.theirs.reset();
    const Descriptor pid_fd(open_pid(pid));
    if (pid_fd.fd() < 0) {
        failed = errno;
        ::kill(-pid, SIGKILL);
        reap(pid);
        co_return Error(Errc::Io, "cannot watch a program", failed);
    }
    Capture capture(ring, pid, pid_fd.fd(), output.ours.fd(), errors.ours.fd(), into);
    const Instant deadline = Scheduler::current().now() + limit;
    co_return co_await capture.run(deadline);
}

}  // namespace s3b
