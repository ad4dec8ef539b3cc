// SPDX-License-Identifier: Apache-2.0
// What an unknown option may have meant. Pure.
#pragma once

#include <string>
#include <string_view>

namespace s3b {

/// The name of the option, ours or FUSE's, that is spelt most like `name`; empty if none is near.
std::string nearest_option(std::string_view name);

}  // namespace s3b
