// SPDX-License-Identifier: Apache-2.0
// Hit ratios of the eviction policies, driven as BlockCache drives them, on made-up and on recorded
// accesses (perf/record_trace), for caches of a part of the blocks; beside the best that anybody
// who knew the future could reach (Belady).
//   policy_bench [TRACE.gz ...]
#include "cache/eviction.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace s3b::cache {
namespace {

using Accesses = std::vector<uint32_t>;

/// A cache of `size` blocks; every miss is followed by the block's arrival.
double hit_ratio(EvictionPolicy policy, uint32_t size, const Accesses& accesses) {
    SlotLinks links{SlotCount(size)};
    EvictionSettings settings;
    settings.policy = policy;
    settings.cached = size;
    EvictionOrder order(settings, links);
    std::unordered_map<uint32_t, uint32_t> slot_of;
    std::vector<uint32_t> block_of(size);
    uint64_t hits = 0;
    for (const uint32_t block : accesses) {
        if (const auto found = slot_of.find(block); found != slot_of.end()) {
            ++hits;
            order.touch(SlotIndex(found->second), BlockNumber(block), Instant{});
            continue;
        }
        SlotIndex slot(static_cast<uint32_t>(slot_of.size()));
        if (slot_of.size() == size) {
            slot = *order.take_victim([](SlotIndex) { return true; });
            order.evict(slot, BlockNumber(block_of[slot.value]));
            slot_of.erase(block_of[slot.value]);
        }
        block_of[slot.value] = block;
        slot_of.emplace(block, slot.value);
        order.push(slot, BlockNumber(block), Instant{});
    }
    return static_cast<double>(hits) / static_cast<double>(accesses.size());
}

double best_ratio(uint32_t size, const Accesses& accesses) {
    std::vector<size_t> next(accesses.size());
    std::unordered_map<uint32_t, size_t> seen;
    for (size_t i = accesses.size(); i-- > 0;) {
        const auto found = seen.find(accesses[i]);
        next[i] = found == seen.end() ? accesses.size() + i : found->second;
        seen[accesses[i]] = i;
    }
    std::set<std::pair<size_t, uint32_t>> cached;  // by the next use
    std::unordered_map<uint32_t, size_t> use_of;
    uint64_t hits = 0;
    for (size_t i = 0; i < accesses.size(); ++i) {
        const uint32_t block = accesses[i];
        if (const auto found = use_of.find(block); found != use_of.end()) {
            ++hits;
            cached.erase({found->second, block});
        } else if (cached.size() == size) {
            const auto last = std::prev(cached.end());
            use_of.erase(last->second);
            cached.erase(last);
        }
        use_of[block] = next[i];
        cached.emplace(next[i], block);
    }
    return static_cast<double>(hits) / static_cast<double>(accesses.size());
}

// ---- accesses

constexpr uint32_t kBlocks = 20'000;
constexpr size_t kLength = 400'000;

/// Block n is used in proportion to 1 / n^skew; blocks of one rank are all over the volume.
class Zipf {
public:
    explicit Zipf(double skew) : sums_(kBlocks) {
        double sum = 0;
        for (uint32_t n = 0; n < kBlocks; ++n) sums_[n] = sum += std::pow(n + 1, -skew);
    }
    uint32_t operator()(std::mt19937& random) const {
        const double at = std::uniform_real_distribution<double>(0, sums_.back())(random);
        const auto rank = std::ranges::lower_bound(sums_, at) - sums_.begin();
        return static_cast<uint32_t>(static_cast<uint64_t>(rank) * 7919 % kBlocks);
    }

private:
    std::vector<double> sums_;
};

Accesses zipf(double skew) {
    std::mt19937 random(1);
    const Zipf next(skew);
    Accesses accesses(kLength);
    for (uint32_t& block : accesses) block = next(random);
    return accesses;
}

/// The same, and a backup reads all blocks once now and then.
Accesses zipf_and_scans() {
    std::mt19937 random(1);
    const Zipf next(0.9);
    Accesses accesses;
    while (accesses.size() < kLength) {
        for (int i = 0; i < 60'000; ++i) accesses.push_back(next(random));
        for (uint32_t n = 0; n < kBlocks; ++n) accesses.push_back(kBlocks + n);
    }
    return accesses;
}

/// Again and again through a tenth of the blocks, in order.
Accesses loop() {
    Accesses accesses(kLength);
    for (size_t i = 0; i < kLength; ++i) accesses[i] = static_cast<uint32_t>(i % (kBlocks / 10));
    return accesses;
}

/// What is hot changes five times.
Accesses shifting() {
    std::mt19937 random(1);
    const Zipf next(1.0);
    Accesses accesses(kLength);
    for (size_t i = 0; i < kLength; ++i) {
        const auto shift = static_cast<uint32_t>(i / (kLength / 5)) * 3001;
        accesses[i] = (next(random) + shift) % kBlocks;
    }
    return accesses;
}

Accesses recorded(const char* path) {
    gzFile file = gzopen(path, "rb");
    if (file == nullptr) {
        std::fprintf(stderr, "cannot open %s\n", path);
        std::exit(1);
    }
    Accesses accesses;
    char line[32];
    while (gzgets(file, line, sizeof line) != nullptr) {
        accesses.push_back(static_cast<uint32_t>(std::strtoul(line, nullptr, 10)));
    }
    gzclose(file);
    return accesses;
}

void show(const std::string& name, const Accesses& accesses) {
    const size_t blocks = std::set<uint32_t>(accesses.begin(), accesses.end()).size();
    for (const double part : {0.01, 0.05, 0.10, 0.25}) {
        const auto size =
            std::max<uint32_t>(16, static_cast<uint32_t>(part * static_cast<double>(blocks)));
        const double lru = hit_ratio(EvictionPolicy::Lru, size, accesses);
        const double s3fifo = hit_ratio(EvictionPolicy::S3Fifo, size, accesses);
        std::printf("%-24s %8zu %8u   %5.1f %%  %5.1f %%  %5.1f %%\n", name.c_str(),
                    accesses.size(), size, 100 * lru, 100 * s3fifo,
                    100 * best_ratio(size, accesses));
    }
}

}  // namespace
}  // namespace s3b::cache

int main(int argc, char** argv) {
    using namespace s3b::cache;
    std::printf("%-24s %8s %8s   %7s  %7s  %7s\n", "accesses", "how many", "cache", "lru", "s3fifo",
                "best");
    show("zipf 0.7", zipf(0.7));
    show("zipf 1.0", zipf(1.0));
    show("zipf 0.9 and scans", zipf_and_scans());
    show("loop", loop());
    show("zipf 1.0, shifting", shifting());
    for (int i = 1; i < argc; ++i) show(argv[i], recorded(argv[i]));
    return 0;
}
