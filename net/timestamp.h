// SPDX-License-Identifier: Apache-2.0
// Times as services write them.
#pragma once

#include <optional>
#include <string_view>

#include "engine/base/types.h"

namespace s3b::net {

/// YYYY-MM-DDThh:mm:ss, a fraction or none, and Z, +hh:mm or -hh:mm (ISO 8601 as RFC 3339 narrows
/// it). Fractions are cut off. nullopt if it is anything else. Years beyond 2200, which mean
/// "never", count as 2200, those before 1970 as 1970.
std::optional<WallTime> parse_timestamp(std::string_view text);

}  // namespace s3b::net
