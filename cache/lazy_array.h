// SPDX-License-Identifier: Apache-2.0
// A large array of zeros whose pages become resident when they are first written.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <type_traits>

#include "engine/base/check.h"

namespace s3b::cache {

/// `size` items, all bits of which are zero at first. One anonymous mapping, made at start and
/// never moved, so that other threads may use items of an atomic type.
template <class Item>
class LazyArray {
public:
    static_assert(std::is_trivially_destructible_v<Item>);

    explicit LazyArray(size_t size) : size_(size) {
        if (size == 0) return;
        void* memory = mmap(nullptr, memory_bytes(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        CHECK(memory != MAP_FAILED);
        items_ = static_cast<Item*>(memory);
    }
    ~LazyArray() {
        if (items_ != nullptr) munmap(items_, memory_bytes());
    }
    LazyArray(const LazyArray&) = delete;
    LazyArray& operator=(const LazyArray&) = delete;

    Item& operator[](size_t i) { return items_[i]; }
    const Item& operator[](size_t i) const { return items_[i]; }
    size_t size() const { return size_; }
    /// Of address space; resident is what was used.
    size_t memory_bytes() const { return size_ * sizeof(Item); }

private:
    size_t size_;
    Item* items_ = nullptr;
};

}  // namespace s3b::cache
