// SPDX-License-Identifier: Apache-2.0
// Repeats one workload so that callgrind can count its instructions.
//   counted            lists the workloads
//   counted NAME COUNT
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "perf/workloads.h"

int main(int argc, char** argv) {
    if (argc != 1 && argc != 3) {
        std::fputs("usage: counted [NAME COUNT]\n", stderr);
        return 2;
    }
    for (const s3b::perf::Workload& workload : s3b::perf::all_workloads()) {
        if (argc == 1) {
            std::puts(workload.name.c_str());
        } else if (workload.name == std::string_view(argv[1])) {
            const auto step = workload.make();
            for (long n = std::atol(argv[2]); n > 0; --n) step();
            return 0;
        }
    }
    if (argc == 1) return 0;
    std::fprintf(stderr, "counted: no workload '%s'\n", argv[1]);
    return 2;
}
