// SPDX-License-Identifier: Apache-2.0
// Where the password of an encrypted volume comes from, if not from the command line. It goes
// straight into protected memory. Source: wire-format.md 6.1; command-line.md 2.6.
#pragma once

#include <cstddef>
#include <string>

#include "codec/locked_memory.h"
#include "engine/base/result.h"

namespace s3b {

inline constexpr size_t kMaxPasswordBytes = 1023;

/// The first line of the file at `path` without its newline; all of it belongs to the
/// password, which may be empty. Blocks. Errors: Io with the errno; NotFound (the file is empty),
/// NoSpace (the line is too long), InvalidArgument (it has a zero byte): `what` goes on a sentence
/// that begins with the file's name.
Result<codec::LockedBytes> read_password_file(const std::string& path);

/// Asks `question` on the terminal of this process and reads a line from there without echo. Blocks
/// until it is typed; a signal takes its effect, with the terminal as it was. Errors: Unsupported
/// (there is no terminal), Io (it cannot be read), NotFound (an empty line, or the end of the
/// input), NoSpace (too long): `what` is a sentence.
Result<codec::LockedBytes> prompt_for_password(const char* question);

}  // namespace s3b
