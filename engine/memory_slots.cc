// SPDX-License-Identifier: Apache-2.0
#include "engine/memory_slots.h"

#include <sys/mman.h>

#include "engine/base/check.h"

namespace s3b {

MemorySlots::MemorySlots(SlotCount slots, ByteCount block_size)
    : block_size_(block_size.value), size_(size_t{slots.value} * block_size.value) {
    // Without a reservation: what is never used costs nothing.
    void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    arena_ = static_cast<std::byte*>(memory);
    madvise(arena_, size_, MADV_HUGEPAGE);  // a wish: all works without
    madvise(arena_, size_, MADV_DONTDUMP);  // the users' data stays out of core files
}

MemorySlots::~MemorySlots() { munmap(arena_, size_); }

}  // namespace s3b
