// SPDX-License-Identifier: Apache-2.0
// The options of an -o list that are FUSE's: which go on to fusell/ and libfuse, which
// mean something here, and which have no effect. Source: command-line.md 2.10, 2.11.
#pragma once

#include <span>
#include <string_view>

#include "engine/option_draft.h"

namespace s3b {

struct FuseRow {
    enum class Fate {
        PassOn,      // fusell/ honours it, or libfuse and the kernel do
        Implied,     // always so here, or about what this program does not have: nothing to do
        NoEffect,    // would make a difference, but does not: warn
        Refused,     // would change what the file holds
        DirectIo,    // the FUSE 2 name of directIO
        SourceName,  // replaces the source that the mount table shows
    };
    enum class Value { None, Text, Number, Octal, Seconds };
    std::string_view name;
    Value value;
    Fate fate;
    std::string_view why;  // with NoEffect and Refused: ends the message
};

std::span<const FuseRow> fuse_table();

/// Applies `item`, unquoted, to `draft`; a warning goes to its messages. False if it is not FUSE's
/// (or has a value that does not belong there, or lacks one). `problem` says why it is refused.
bool apply_fuse_option(std::string_view item, Draft& draft, Complaint& problem);

}  // namespace s3b
