// SPDX-License-Identifier: Apache-2.0
// The small things that each request needs: measured in time by micro_bench, in instructions by
// counted (and there held to what they were before, by scripts/check_instructions.py).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace s3b::perf {

struct Workload {
    std::string name;
    /// Prepares all that one step, which is then repeated, needs.
    std::function<std::function<void()>()> make;
};

std::vector<Workload> all_workloads();

}  // namespace s3b::perf
