// SPDX-License-Identifier: Apache-2.0
// Reads files of configuration and tokens without holding the reactor up.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/task.h"
#include "net/credential_sources.h"

namespace s3b::net {

/// All of the file at `path` into the start of `into`; yields its length. Errors: NotFound; Io with
/// the errno; NoSpace if it does not fit.
Task<Result<size_t>> read_small_file(Ring& ring, std::string path, std::span<std::byte> into);

/// A token that stands alone in the file at `path`, without line ends behind it. Errors: those of
/// read_small_file(); InvalidArgument if it is empty or has characters that no header may have.
Task<Result<std::string>> read_token_file(Ring& ring, std::string path);

/// `name` with ~ for the home directory, and from `settings.directory` if it is relative.
std::string absolute_name(const KeySourceSettings& settings, std::string_view name);

}  // namespace s3b::net
