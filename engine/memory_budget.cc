// SPDX-License-Identifier: Apache-2.0
#include "engine/memory_budget.h"

#include <sys/mman.h>
#include <unistd.h>

#include "cache/block_cache.h"
#include "cache/file_map.h"
#include "fusell/transport.h"

namespace s3b {

namespace {

/// In front of a request's data.
constexpr uint64_t kHeaders = 4096;
/// Of the zero map with a survey and known objects, and of the deletions.
constexpr uint64_t kBitsOfABlock = 6;

}  // namespace

MemoryBudget memory_budget(const MemoryBounds& bounds) {
    MemoryBudget budget;
    budget.slots = ByteCount(bounds.slots * bounds.geometry.block_size.value);
    const uint64_t of_a_slot = cache::BlockCache::kBytesPerSlot +
                               cache::BlockCache::bytes_if_dirty(bounds.geometry.block_size);
    const uint64_t of_a_file_slot = cache::FileMap::kBytesPerSlot;
    budget.bookkeeping = ByteCount(bounds.slots * of_a_slot + bounds.file_slots * of_a_file_slot);
    budget.maps = ByteCount(bounds.geometry.blocks.value * kBitsOfABlock / 8);
    budget.bodies = ByteCount(bounds.transfers * bounds.body.value);
    budget.requests = ByteCount(fusell::kMaxRequests * (bounds.request.value + kHeaders));
    return budget;
}

bool can_be_mapped(ByteCount bytes) {
    void* memory = mmap(nullptr, bytes.value, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    munmap(memory, bytes.value);
    return true;
}

ByteCount physical_memory() {
    return ByteCount(static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                     static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE)));
}

}  // namespace s3b
