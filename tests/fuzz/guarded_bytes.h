// SPDX-License-Identifier: Apache-2.0
// Memory that ends where a page begins which nobody may touch: it catches libraries that are built
// without sanitizers, too, and their reading.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "engine/base/check.h"

namespace s3b {

class GuardedBytes {
public:
    /// Room for `most` bytes.
    explicit GuardedBytes(size_t most)
        : page_(static_cast<size_t>(getpagesize())),
          room_((most + kFence + page_ - 1) / page_ * page_) {
        constexpr int kAnywhere = MAP_PRIVATE | MAP_ANONYMOUS;
        void* const mapped = mmap(nullptr, room_ + page_, PROT_READ | PROT_WRITE, kAnywhere, -1, 0);
        CHECK(mapped != MAP_FAILED);
        begin_ = static_cast<std::byte*>(mapped);
        CHECK(mprotect(begin_ + room_, page_, PROT_NONE) == 0);
    }
    GuardedBytes(const GuardedBytes&) = delete;
    GuardedBytes& operator=(const GuardedBytes&) = delete;
    ~GuardedBytes() { munmap(begin_, room_ + page_); }

    /// So many bytes before the page, all `fill`.
    std::span<std::byte> make(size_t size, std::byte fill) {
        CHECK(size + kFence <= room_);
        bytes_ = std::span(begin_ + room_ - size, size);
        std::ranges::fill(fence(), kPaint);
        std::ranges::fill(bytes_, fill);
        return bytes_;
    }
    /// Whether what lies before the bytes is as it was.
    bool fence_stands() {
        return std::ranges::all_of(fence(), [](std::byte b) { return b == kPaint; });
    }

private:
    static constexpr size_t kFence = 64;
    static constexpr std::byte kPaint{0xa5};

    std::span<std::byte> fence() { return {bytes_.data() - kFence, kFence}; }

    size_t page_;
    size_t room_;
    std::byte* begin_ = nullptr;
    std::span<std::byte> bytes_;
};

}  // namespace s3b
