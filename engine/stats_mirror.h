// SPDX-License-Identifier: Apache-2.0
// Keeps a copy of the statistics in a file outside of the mount (statsFileMirror).
// Source: command-line.md 2.7.
#pragma once

#include <functional>
#include <string>

#include "engine/base/result.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "engine/reactor/task.h"

namespace s3b {

/// Belongs to the reactor's thread.
class StatsMirror {
public:
    struct Settings {
        std::string path;  // absolute
        Duration interval{};
        std::function<std::string()> text;
        std::function<void()> reset;

        Settings() = default;
    };
    StatsMirror(Ring& ring, Settings settings) : ring_(ring), settings_(std::move(settings)) {}

    /// Writes the file anew each interval until stop(), and once more then. Whoever removes it
    /// resets the statistics. The first failure is logged and ends it.
    Task<void> run();
    void stop();

private:
    Task<Result<void>> write();
    Task<Result<void>> put_in_place(std::string fresh);

    Ring& ring_;
    Settings settings_;
    WaitQueue stopping_;
    bool written_ = false;
    bool stopped_ = false;
};

}  // namespace s3b
