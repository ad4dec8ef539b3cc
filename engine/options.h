// SPDX-License-Identifier: Apache-2.0
// The command line: from argv to a Config that needs no further check but that of the sizes, which
// start-up may have to detect first. One table (option_table.h) says which options there are; the
// help text comes from it, too. Runs once, before anything else; reads the files of keys and the
// password, looks at the test directory and the mount point, uses no network and prints nothing but
// the question for the password.
// Source: command-line.md 1, 2.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/result.h"
#include "engine/config.h"

namespace s3b {

/// What the command line depends on besides itself.
struct Environment {
    std::optional<std::string> home;  // where the default access file is
    std::string directory;            // absolute; relative names start here
    net::Variables variables;
    /// Asks the operator for the password of the volume; its errors are those of
    /// prompt_for_password() (engine/password.h). Empty: there is nobody to ask.
    std::function<Result<codec::LockedBytes>()> ask_password;

    Environment() = default;
    /// The variables, the current directory and the terminal of this process.
    static Environment of_process();
};

struct CommandLine {
    enum class Action { Mount, Erase, Reset, WaitUnmounted, Help, Version };
    Action action = Action::Mount;
    /// Not with Help and Version; with WaitUnmounted only the mount point.
    Config config;

    CommandLine() = default;
};

/// Why the program ends with exit code 1. One or more lines, separated by '\n', without a final
/// one: each names the option, its value and what would be right.
struct OptionError {
    std::string text;
};

/// An answer, and lines to print to stderr in any case and whatever `quiet` says (it has been
/// considered). The caller puts the program's name in front of each line.
template <class T>
struct Checked {
    std::variant<T, OptionError> outcome;
    std::vector<std::string> messages;

    explicit Checked(OptionError error) : outcome(std::move(error)) {}
    explicit Checked(T value) : outcome(std::move(value)) {}
    T* value() { return std::get_if<T>(&outcome); }
    const T* value() const { return std::get_if<T>(&outcome); }
    const OptionError* error() const { return std::get_if<OptionError>(&outcome); }
};

/// Parses and checks everything that needs no network. argv[0] is skipped.
Checked<CommandLine> parse_command_line(std::span<char* const> argv,
                                        const Environment& environment);

/// Overwrites the values of secret options in place, wherever they stand, so that the list of
/// processes does not show them. Call it after parse_command_line(), which copies what it needs.
void wipe_secrets(std::span<char* const> argv);

/// What block 0 in the store says about the volume.
struct DetectedSizes {
    ByteCount volume_size;
    ByteCount block_size;
};

/// Settles the sizes: those given, else those detected, else the default block size. `detected` is
/// nullopt if detection was off (config.auto_detect) or found nothing. Reduces the
/// caches of `config` to the number of blocks; a table of written blocks that never forgets must
/// have room for all. The speed of a transfer must allow for a block within the time
/// limit. Source: command-line.md 2.9 (20, 24, 26, 27), 5.1 (4a, 4b, 5).
Checked<Geometry> check_geometry(Config& config, const std::optional<DetectedSizes>& detected);

/// What the volume is kept in, for people: the URL of the bucket or directory, and the prefix.
std::string store_name(const Config& config);

/// Usage forms, all options by group with their defaults; ends in a newline.
std::string help_text();
/// "s3backer version X.Y.Z", then the licence; ends in a newline.
std::string version_text();
/// "s3backer/X.Y.Z", for HTTP.
std::string user_agent();

}  // namespace s3b
