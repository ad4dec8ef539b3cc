// SPDX-License-Identifier: Apache-2.0
#include "engine/memory_slots.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

#include "engine/base/check.h"

namespace s3b {

MemorySlots::MemorySlots(SlotCount slots, ByteCount block_size)
    : block_size_(block_size.value),
      size_(size_t{slots.value} * block_size.value),
      mapped_(size_ + kHugePage) {
    // Without a reservation: what is never used costs nothing.
    void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    mapping_ = static_cast<std::byte*>(memory);
    const size_t beyond = reinterpret_cast<uintptr_t>(memory) % kHugePage;
    arena_ = mapping_ + (beyond == 0 ? 0 : kHugePage - beyond);
    madvise(mapping_, mapped_, MADV_DONTDUMP);  // the users' data stays out of core files
}

MemorySlots::~MemorySlots() { munmap(mapping_, mapped_); }

void MemorySlots::begin_use(SlotIndex slot) {
    using Clock = std::chrono::steady_clock;
    const size_t end = (size_t{slot.value} + 1) * block_size_;
    for (; decided_ < end; decided_ += kHugePage) {
        // What is less than a huge page at the end stays in small ones.
        if (decided_ < small_until_ || decided_ + kHugePage > size_) continue;
        std::byte* const page = arena_ + decided_;
        if (madvise(page, kHugePage, MADV_HUGEPAGE) != 0) continue;
        const Clock::time_point begin = Clock::now();
        *static_cast<volatile std::byte*>(page) = std::byte{0};
        if (Clock::now() - begin <= kSlow) {
            pause_ = kFirstPause;
        } else {
            small_until_ = decided_ + pause_;
            pause_ = std::min(2 * pause_, kLongestPause);
        }
    }
    // Small ones come together, which saves a fault each. Before Linux 5.14 they come when they are
    // touched.
    for (; present_ < end; present_ += kTogether) {
        madvise(arena_ + present_, std::min(kTogether, size_ - present_), MADV_POPULATE_WRITE);
    }
}

}  // namespace s3b
