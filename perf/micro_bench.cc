// SPDX-License-Identifier: Apache-2.0
// The time that each of the workloads takes.
//   micro_bench [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS]
#include <benchmark/benchmark.h>

#include "perf/workloads.h"

int main(int argc, char** argv) {
    for (const s3b::perf::Workload& workload : s3b::perf::all_workloads()) {
        benchmark::RegisterBenchmark(workload.name.c_str(),
                                     [make = workload.make](benchmark::State& state) {
                                         const auto step = make();
                                         for (auto _ : state) step();
                                     });
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
