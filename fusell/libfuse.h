// SPDX-License-Identifier: Apache-2.0
// The one place that includes libfuse: its API version must be the same everywhere.
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
