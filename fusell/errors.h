// SPDX-License-Identifier: Apache-2.0
// What an application sees of a failure.
#pragma once

#include "engine/base/result.h"

namespace s3b::fusell {

/// The errno (> 0) for `error`. Source: command-line.md 3.2, "Errors from the store".
int errno_of(const Error& error);

}  // namespace s3b::fusell
