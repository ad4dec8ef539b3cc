// SPDX-License-Identifier: Apache-2.0
// Into the background without losing an error: the process that was started stays until the daemon
// serves, shows what it prints on stderr, and ends with its status. Source: command-line.md 1.6.
#pragma once

namespace s3b {

/// One a process. Make it before any thread, ring or descriptor that the daemon is to keep.
class Detacher {
public:
    /// In the foreground all stays as it is. Otherwise this forks and returns in the child only;
    /// the parent exits with 0 after ready(), with 1 if the child ends before.
    explicit Detacher(bool foreground);
    ~Detacher();
    Detacher(const Detacher&) = delete;
    Detacher& operator=(const Detacher&) = delete;

    /// The file system is mounted: leaves the terminal and the directory, sends the log to syslog
    /// and lets the parent go.
    void ready();

private:
    int parent_ = -1;  // a pipe that it waits at
};

}  // namespace s3b
