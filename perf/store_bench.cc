// SPDX-License-Identifier: Apache-2.0
// How many signed requests a second go through S3Store on one reactor, and what each costs in CPU?
//   store_bench BASE_URL BUCKET ID KEY get|put SIZE LANES SECONDS
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "codec/hash.h"
#include "engine/base/check.h"
#include "engine/reactor/reactor.h"
#include "engine/reactor/task_group.h"
#include "net/s3_store.h"

namespace s3b {
namespace {

constexpr int kKeys = 64;

struct Bench {
    net::S3Settings settings;
    uint32_t at_once = 1;
    bool put = false;
    size_t size = 4096;
    Duration duration{};
    std::vector<std::byte> body;
    Md5 md5;
    Sha256 sha256;
    Instant end{};
    uint64_t done = 0;
    uint64_t failed = 0;

    Bench() = default;
};

Task<Result<void>> put_one(net::ObjectStore& store, const Bench& bench, std::string key) {
    net::PutRequest request;
    request.key = key;
    request.body = bench.body;
    request.md5 = bench.md5;
    request.sha256 = bench.sha256;
    request.content_type = "application/x-s3backer-block";
    CO_TRY_VOID(co_await store.put(request));
    co_return ok();
}

Task<Result<void>> get_one(net::ObjectStore& store, std::span<std::byte> into, std::string key) {
    CO_TRY_VOID(co_await store.get(key, into, net::Precondition()));
    co_return ok();
}

Task<void> worker(net::ObjectStore& store, Bench& bench, int number) {
    std::vector<std::byte> into(bench.size);
    for (int i = number; Scheduler::current().now() < bench.end; ++i) {
        const std::string key = "bench-" + std::to_string(i % kKeys);
        Result<void> result = ok();
        if (bench.put) {
            // Lanes have keys of their own: no two requests for one key at once.
            result = co_await put_one(store, bench, "bench-" + std::to_string(number % kKeys));
        } else {
            result = co_await get_one(store, into, key);
        }
        ++(result.has_value() ? bench.done : bench.failed);
    }
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Task<void> run(Reactor& reactor, Bench& bench) {
    InlineExecutor executor;
    net::TransferLimits limits;
    limits.demand = bench.at_once;
    net::TransferScheduler scheduler(limits);
    const net::S3Context context{reactor.ring(), executor, scheduler};
    const auto store = net::S3Store::create(context, bench.settings).value();
    for (int i = 0; i < kKeys; ++i) {
        const Result<void> stored = co_await put_one(*store, bench, "bench-" + std::to_string(i));
        CHECK(stored.has_value());
    }
    const double cpu_before = cpu_seconds();
    const Instant begin = Scheduler::current().now();
    bench.end = begin + bench.duration;
    TaskGroup workers;
    for (unsigned i = 0; i < bench.at_once; ++i) {
        workers.spawn(worker(*store, bench, static_cast<int>(i)));
    }
    co_await workers.join();
    const double seconds =
        std::chrono::duration<double>(Scheduler::current().now() - begin).count();
    const auto requests = static_cast<double>(bench.done);
    std::printf("%s %zu B, %u at once: %.0f/s, %.1f us of CPU each, %llu failed\n",
                bench.put ? "PUT" : "GET", bench.size, bench.at_once, requests / seconds,
                (cpu_seconds() - cpu_before) / requests * 1e6,
                static_cast<unsigned long long>(bench.failed));
}

}  // namespace
}  // namespace s3b

int main(int argc, char** argv) {
    if (argc != 9) {
        std::fputs("usage: store_bench BASE_URL BUCKET ID KEY get|put SIZE LANES SECONDS\n",
                   stderr);
        return 2;
    }
    s3b::Bench bench;
    bench.settings.base_url = argv[1];
    bench.settings.bucket = argv[2];
    bench.settings.access_id = argv[3];
    bench.settings.access_key = argv[4];
    bench.put = std::string(argv[5]) == "put";
    bench.size = std::strtoul(argv[6], nullptr, 10);
    bench.at_once = static_cast<uint32_t>(std::strtoul(argv[7], nullptr, 10));
    bench.duration = std::chrono::seconds(std::strtoul(argv[8], nullptr, 10));
    bench.body.assign(bench.size, std::byte{0x5a});
    bench.md5 = s3b::codec::md5(bench.body);
    bench.sha256 = s3b::codec::sha256(bench.body);
    s3b::Reactor reactor;
    reactor.run(s3b::run(reactor, bench));
    return bench.failed == 0 ? 0 : 1;
}
