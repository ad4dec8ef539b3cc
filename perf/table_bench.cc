// SPDX-License-Identifier: Apache-2.0
// Look-ups a second of the lock-free block table, by one and by two readers, while its owner goes
// on changing it; beside std::unordered_map with a mutex, which is what a cache with a lock has.
//   table_bench [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS]
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "cache/block_table.h"

namespace s3b::cache {
namespace {

/// A cheap sequence of numbers that are all over the place.
class Sequence {
public:
    explicit Sequence(uint64_t seed) : state_(seed * 2 + 1) {}
    uint32_t below(uint32_t limit) {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<uint32_t>(((state_ >> 32) * limit) >> 32);
    }

private:
    uint64_t state_;
};

/// Blocks 0 to `blocks` are cached at first.
class LockFree {
public:
    explicit LockFree(uint32_t blocks) : table_(SlotCount(blocks)) {
        for (uint32_t n = 0; n < blocks; ++n) {
            table_.set_taken(SlotIndex(n));
            table_.insert(BlockNumber(n), SlotIndex(n), SlotUse::Clean);
        }
    }
    /// The slot is held while it is looked at.
    bool look_up(BlockNumber block) { return static_cast<bool>(table_.try_pin(block)); }
    /// Evicts `out`, and puts `in` where it was.
    void replace(BlockNumber out, BlockNumber in) {
        const auto slot = table_.find(out);
        if (!slot || table_.find(in) || !table_.try_make_private(*slot)) return;
        table_.erase(out);
        table_.insert(in, *slot, SlotUse::Clean);
    }

private:
    BlockTable table_;
};

class Locked {
public:
    explicit Locked(uint32_t blocks) {
        slots_.reserve(blocks);
        for (uint32_t n = 0; n < blocks; ++n) slots_.emplace(n, Slot{n, 0});
    }
    bool look_up(BlockNumber block) {
        {
            const std::lock_guard lock(mutex_);
            const auto found = slots_.find(block.value);
            if (found == slots_.end()) return false;
            ++found->second.pins;
        }
        const std::lock_guard lock(mutex_);
        --slots_.at(block.value).pins;
        return true;
    }
    void replace(BlockNumber out, BlockNumber in) {
        const std::lock_guard lock(mutex_);
        const auto found = slots_.find(out.value);
        if (found == slots_.end() || found->second.pins > 0 || slots_.contains(in.value)) return;
        const Slot slot = found->second;
        slots_.erase(found);
        slots_.emplace(in.value, slot);
    }

private:
    struct Slot {
        uint32_t number;
        uint32_t pins;
    };
    std::mutex mutex_;
    std::unordered_map<uint32_t, Slot> slots_;
};

/// Changes the table some 20,000 times a second, as a busy volume does.
template <class Table>
class Owner {
public:
    Owner(Table& table, uint32_t blocks)
        : thread_([this, &table, blocks] {
              Sequence sequence(77);
              while (!stop_.load(std::memory_order_relaxed)) {
                  for (int i = 0; i < 20; ++i) {
                      const uint32_t n = sequence.below(blocks);
                      table.replace(BlockNumber(n), BlockNumber(n + blocks));
                      table.replace(BlockNumber(n + blocks), BlockNumber(n));
                  }
                  std::this_thread::sleep_for(std::chrono::milliseconds(1));
              }
          }) {}
    ~Owner() {
        stop_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

template <class Table>
std::unique_ptr<Table> shared_table;
template <class Table>
std::unique_ptr<Owner<Table>> shared_owner;

template <class Table>
void look_up(benchmark::State& state) {
    const auto blocks = static_cast<uint32_t>(state.range(0));
    const auto from = static_cast<uint32_t>(state.range(1)) == 0 ? 2 * blocks : 0;  // misses, hits
    if (state.thread_index() == 0) {
        shared_table<Table> = std::make_unique<Table>(blocks);
        shared_owner<Table> = std::make_unique<Owner<Table>>(*shared_table<Table>, blocks);
    }
    Sequence sequence(static_cast<uint64_t>(state.thread_index()) + 1);
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            shared_table<Table>->look_up(BlockNumber(from + sequence.below(blocks))));
    }
    state.SetItemsProcessed(state.iterations());
    if (state.thread_index() == 0) {
        shared_owner<Table>.reset();
        shared_table<Table>.reset();
    }
}

template <class Table>
void add(const std::string& name) {
    for (const bool hit : {true, false}) {
        auto* const one =
            benchmark::RegisterBenchmark((name + (hit ? "/hit" : "/miss")).c_str(), look_up<Table>);
        for (const int64_t blocks : {100'000, 4'000'000}) one->Args({blocks, hit ? 1 : 0});
        one->Threads(1)->Threads(2)->UseRealTime();
    }
}

}  // namespace
}  // namespace s3b::cache

int main(int argc, char** argv) {
    s3b::cache::add<s3b::cache::LockFree>("lock_free");
    s3b::cache::add<s3b::cache::Locked>("map_with_mutex");
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
