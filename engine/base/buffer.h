// SPDX-License-Identifier: Apache-2.0
// Owned bytes, page-aligned, so that any of them may be the target of direct I/O.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/types.h"

namespace s3b {

/// A block of memory that is moved, never copied. Its bytes are not initialised. Moved from, it is
/// empty.
class Buffer {
public:
    static constexpr size_t kAlignment = 4096;

    Buffer() = default;
    explicit Buffer(ByteCount size) : size_(size) {
        const size_t rounded = (size.value + kAlignment - 1) / kAlignment * kAlignment;
        memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded)));
        CHECK(memory_ != nullptr || size.value == 0);
    }

    Buffer(Buffer&& other) noexcept
        : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, ByteCount(0))) {}
    Buffer& operator=(Buffer&& other) noexcept {
        memory_ = std::move(other.memory_);
        size_ = std::exchange(other.size_, ByteCount(0));
        return *this;
    }

    std::span<std::byte> bytes() { return {memory_.get(), size_.value}; }
    std::span<const std::byte> bytes() const { return {memory_.get(), size_.value}; }
    ByteCount size() const { return size_; }
    explicit operator bool() const { return memory_ != nullptr; }

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> memory_;
    ByteCount size_;
};

}  // namespace s3b
