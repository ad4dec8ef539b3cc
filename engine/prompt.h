// SPDX-License-Identifier: Apache-2.0
// Talking with the operator: messages and questions on stderr, answers from stdin.
// Source: command-line.md 1.5, 6.1.
#pragma once

#include <string>
#include <string_view>

#include "engine/reactor/ring.h"
#include "engine/reactor/task.h"

namespace s3b {

/// stderr and stdin, or those of a test.
class Console {
public:
    virtual ~Console() = default;
    /// Writes `text` as it is.
    virtual void write(std::string_view text) = 0;
    /// Whether what is written can be written over.
    virtual bool is_terminal() const = 0;
    /// The next line, without its end; what there is of it at the end of the input. Of a very long
    /// line only the beginning.
    virtual Task<std::string> read_line() = 0;
    /// "s3backer: ", `text`, and the end of the line.
    void say(std::string_view text);
};

/// Those of the process.
class ProcessConsole final : public Console {
public:
    explicit ProcessConsole(Ring& ring) : ring_(ring) {}
    void write(std::string_view text) override;
    bool is_terminal() const override;
    Task<std::string> read_line() override;

private:
    Ring& ring_;
};

/// Asks whether all is as it should be; true only if the answer is "y" or "yes", in any case, with
/// nothing but blanks behind.
Task<bool> confirm(Console& console);

}  // namespace s3b
