// SPDX-License-Identifier: Apache-2.0
// The access file: lines ID:KEY. Source: command-line.md 2.1, wire-format.md 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace s3b {

struct AccessEntry {
    std::string id;
    std::string key;  // everything after the first colon, without white space at its end
};

/// The first line of `text` whose id is `id`, or the first of all without `id`. Lines that begin
/// with '#' or white space and lines without an id and a colon do not count.
std::optional<AccessEntry> find_access_entry(std::string_view text,
                                             std::optional<std::string_view> id);

/// The text of the access file at `path`. Blocks. Errors: Io with the errno, NoSpace if it is
/// larger than any access file is.
Result<std::string> read_access_file(const std::string& path);

}  // namespace s3b
